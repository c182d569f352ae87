import { Problem } from "../../../../client/src/index.js";
import { el, setText } from "../../lib/dom.js";
import { formatClock, formatDate, t } from "../../lib/i18n.js";
import { digitsOf, isCode } from "../mailed-code.js";
import { askedCode, onSessionChange, session, signIn } from "../session.js";
import { refusal } from "../words.js";

/** How long to wait before a code may be asked for again; the mail needs some time, too. */
const AGAIN_SECONDS = 30;
/** Whoever merely asks too fast waits less than that; a mailbox that got enough codes waits longer. */
const HURRY_SECONDS = 60;

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
    pattern: "[0-9]{6}", spellcheck: "false", class: "code-input", "aria-describedby": "code-hint code-error",
  });
  const hint = el("p", { id: "code-hint", class: "soft small" });
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

  /** @param {() => Promise<unknown>} work @param {(problem: unknown) => string} words */
  const doing = async (work, words) => {
    if (isWorking) return;
    isWorking = true;
    button.setAttribute("aria-disabled", "true");
    try {
      await work();
    } catch (problem) {
      refuse(words(problem));
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
    }, codeRefusal);
  };

  const showHint = () => {
    const until = askedCode()?.expiresAt;
    setText(
      hint,
      until === undefined
        ? t("signIn.code.newest", { email })
        : t("signIn.code.sent", { email, time: formatDate(until, { timeStyle: "short" }) }),
    );
  };
  const showAgain = () => {
    const seconds = Math.ceil((mayAskAt - Date.now()) / 1000);
    again.setAttribute("aria-disabled", String(seconds > 0));
    setText(again, seconds > 0 ? t("signIn.code.againIn", { clock: formatClock(seconds) }) : t("signIn.code.again"));
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
      showHint();
      setText(said, t("signIn.code.sentAgain"));
    }, askRefusal);
  });
  // The mail's link may have been opened in another tab.
  onSessionChange(() => {
    if (form.isConnected && session()) void signedIn();
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
      hint,
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
  showHint();
  showAgain();
  return form;
}

/** @param {unknown} problem @returns {number} seconds until the server takes more; 0 if that is soon */
function longWait(problem) {
  const seconds = problem instanceof Problem && problem.slug === "rate-limited" ? problem.retryAfterSeconds ?? 0 : 0;
  return seconds > HURRY_SECONDS ? seconds : 0;
}

/** @param {unknown} problem why a code was not taken @returns {string} */
export function codeRefusal(problem) {
  if (problem instanceof Problem && problem.slug === "invalid-code") return t("signIn.code.wrong");
  return longWait(problem) > 0 ? t("signIn.code.tooOften") : refusal(problem);
}

/** @param {unknown} problem @returns {boolean} whether the mailbox got as many codes as it may for now */
export const isEnough = (problem) => longWait(problem) > 0;

/** @param {unknown} problem why no code was mailed @returns {string} */
export const askRefusal = (problem) =>
  isEnough(problem) ? t("signIn.code.enough", { clock: formatClock(longWait(problem)) }) : refusal(problem);
