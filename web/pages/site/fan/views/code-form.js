import { Problem } from "../../../../client/src/index.js";
import { el, setText } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { digitsOf, isCode } from "../mailed-code.js";
import { signIn } from "../session.js";
import { refusal } from "../words.js";

/** How long to wait before a code may be asked for again; the mail needs some time, too. */
const AGAIN_SECONDS = 30;

/**
 * The second step of signing in: the code that was mailed.
 * @param {object} options
 * @param {string} options.email where it was sent
 * @param {() => unknown} options.signedIn
 * @param {() => void} options.change goes back to the address
 * @returns {HTMLElement} focus its input once it is shown
 */
export function codeForm({ email, signedIn, change }) {
  const input = el("input", {
    id: "code", name: "code", type: "text", inputmode: "numeric", autocomplete: "one-time-code", required: true,
    spellcheck: "false", class: "code-input", "aria-describedby": "code-hint code-error",
  });
  const error = el("p", { id: "code-error", class: "field-error", role: "alert" });
  const said = el("p", { class: "soft small", role: "status" });
  const button = el("button", { class: "primary", type: "submit" }, t("signIn.code.submit"));
  const again = el("button", { type: "button", class: "plain" }, "");
  let isWorking = false;
  let mayAskAt = Date.now() + AGAIN_SECONDS * 1000;

  /** @param {string} text */
  const refuse = (text) => {
    setText(error, text);
    if (text === "") return input.removeAttribute("aria-invalid");
    input.setAttribute("aria-invalid", "true");
    input.select();
    input.focus();
  };

  /** @param {() => Promise<unknown>} work */
  const doing = async (work) => {
    if (isWorking) return;
    isWorking = true;
    button.setAttribute("aria-disabled", "true");
    try {
      await work();
    } catch (problem) {
      refuse(codeRefusal(problem));
    } finally {
      isWorking = false;
      button.removeAttribute("aria-disabled");
    }
  };

  const submit = () => {
    const code = digitsOf(input.value);
    if (!isCode(code)) return refuse(t("signIn.code.digits"));
    refuse("");
    return doing(async () => {
      await signIn(email, code);
      await signedIn();
    });
  };

  const showAgain = () => {
    const seconds = Math.ceil((mayAskAt - Date.now()) / 1000);
    again.setAttribute("aria-disabled", String(seconds > 0));
    setText(again, seconds > 0 ? t("signIn.code.againIn", { seconds }) : t("signIn.code.again"));
  };
  again.addEventListener("click", () => {
    if (Date.now() < mayAskAt) return;
    void doing(async () => {
      try {
        await signIn(email);
      } catch (problem) {
        if (problem instanceof Problem && problem.retryAfterSeconds) mayAskAt = Date.now() + problem.retryAfterSeconds * 1000;
        throw problem;
      }
      mayAskAt = Date.now() + AGAIN_SECONDS * 1000;
      refuse("");
      input.value = "";
      setText(said, t("signIn.code.sentAgain"));
    });
  });
  // Whoever pastes, or takes the code that the phone offers, needs no button.
  input.addEventListener("input", () => {
    if (isCode(digitsOf(input.value))) void submit();
  });
  const timer = setInterval(() => {
    if (form.isConnected) showAgain();
    else clearInterval(timer);
  }, 1000);

  const form = el(
    "form",
    {
      class: "stack narrow",
      novalidate: true,
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        void submit();
      },
    },
    el(
      "div",
      { class: "field" },
      el("label", { for: "code" }, t("signIn.code")),
      input,
      el("p", { id: "code-hint", class: "soft small" }, t("signIn.code.sent", { email })),
      error,
      said,
    ),
    button,
    el(
      "div",
      { class: "row" },
      again,
      el("button", { type: "button", class: "plain", onclick: change }, t("signIn.code.change")),
    ),
  );
  showAgain();
  return form;
}

/** @param {unknown} problem @returns {string} */
export const codeRefusal = (problem) =>
  problem instanceof Problem && problem.slug === "invalid-code" ? t("signIn.code.wrong") : refusal(problem);
