import { Problem } from "../../../client/src/index.js";
import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { confirmed, openDialog } from "./dialog.js";
import { fromServer, reasonWords } from "./fault-words.js";
import { Outcome, loadFailure, shortDate, uniqueID, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { ROLES } from "./roles.js";
import { showSecret } from "./secret-dialog.js";
import { field } from "./time-field.js";

/**
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("../../../client/src/types.js").Account} Account
 * @typedef {import("../../../client/src/types.js").NewAccount} NewAccount
 * @typedef {import("../../../client/src/types.js").StaffRole} StaffRole
 */

/** @param {NewAccount} account */
function showToken({ name, role, token }) {
  showSecret({
    title: t("org.accounts.token", { name }),
    text: t(role === "door" ? "org.accounts.tokenTextDoor" : "org.accounts.tokenText"),
    label: t("org.accounts.tokenLabel"),
    secret: token,
  });
}

/**
 * Asks whom an account is for, and makes it.
 * @param {(wanted: { name: string, role: StaffRole }) => Promise<NewAccount>} create
 * @param {(made: NewAccount) => void} created
 */
function openAccountForm(create, created) {
  const outcome = new Outcome();
  const name = field({
    label: t("org.accounts.name"),
    hint: t("org.accounts.nameHint"),
    attributes: { name: "name", required: true, maxlength: 80, autocomplete: "off", autofocus: true },
  });
  const roleName = uniqueID("role");
  const roles = ROLES.map((role, index) => {
    const id = uniqueID("role");
    const box = el("input", { type: "radio", name: roleName, id, value: role, checked: index === 0 });
    return {
      box,
      element: el(
        "div",
        { class: "org-check" },
        box,
        el("label", { for: id }, t(`org.role.${role}`), " ", el("span", { class: "soft small" }, t(`org.role.${role}.text`))),
      ),
    };
  });
  let isBusy = false;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy) return;
    const wanted = name.input.value.trim();
    name.fail(wanted === "" ? t("org.fault.missing") : undefined);
    if (wanted === "") return name.input.focus();
    isBusy = true;
    outcome.say("busy", t("org.working"));
    try {
      const made = await create({ name: wanted, role: ROLES[roles.findIndex(({ box }) => box.checked)] ?? "viewer" });
      dialog.close();
      created(made);
    } catch (error) {
      const fault = error instanceof Problem ? error.body.errors?.find(({ pointer }) => pointer === "/name") : undefined;
      if (!fault) return outcome.say("bad", problemWords(error));
      outcome.clear();
      name.fail(reasonWords(fromServer(fault), {}));
      name.input.focus();
    } finally {
      isBusy = false;
    }
  };
  const dialog = openDialog({
    title: t("org.accounts.add"),
    kind: "wide",
    content: [
      el(
        "form",
        { class: "stack", novalidate: true, onsubmit: submit },
        name.element,
        el("fieldset", { class: "org-fieldset" }, el("legend", null, t("org.accounts.role")), roles.map(({ element }) => element)),
        outcome.element,
        el(
          "div",
          { class: "row dialog-buttons" },
          el("button", { type: "button", onclick: () => dialog.close() }, t("org.accounts.addNot")),
          el("button", { type: "submit", class: "primary" }, t("org.accounts.addSubmit")),
        ),
      ),
    ],
  });
}

/** The staff: their accounts, and who made and ended them. */
class AccountsPage {
  #desk;
  #signOut;
  #list = el("div", { class: "stack", "aria-busy": "true" }, el("p", { class: "soft" }, t("org.loading")));
  #outcome = new Outcome();
  #isLeft = false;

  /** @param {Desk} desk @param {() => void} signOut */
  constructor(desk, signOut) {
    this.#desk = desk;
    this.#signOut = signOut;
    this.element = el(
      "div",
      { class: "stack" },
      el(
        "div",
        { class: "row spread" },
        el("h1", { tabindex: "-1" }, t("org.accounts.title")),
        el("button", { type: "button", class: "primary", onclick: () => this.#add() }, t("org.accounts.add")),
      ),
      el("p", { class: "soft org-lead" }, t("org.accounts.lead")),
      desk.session?.account === null && el("p", { class: "notice warn" }, t("org.accounts.shared")),
      this.#outcome.element,
      this.#list,
    );
    void this.load();
  }

  #add() {
    openAccountForm(
      (wanted) => this.#desk.call((client, token) => client.createAccount(token, wanted)),
      (made) => {
        showToken(made);
        void this.load();
      },
    );
  }

  /** @param {Account} account */
  #isOwn({ id }) {
    return id === this.#desk.session?.account;
  }

  async load() {
    try {
      const accounts = await this.#desk.call((client, token) => client.listAccounts(token));
      if (this.#isLeft) return;
      const inUse = accounts.filter(({ revokedAt }) => revokedAt === null);
      const revoked = accounts.filter(({ revokedAt }) => revokedAt !== null);
      show(
        this.#list,
        inUse.length === 0
          ? el("p", { class: "card soft" }, t("org.accounts.none"))
          : el("ul", { class: "org-events" }, inUse.map((account) => this.#card(account))),
        revoked.length > 0 &&
          el(
            "details",
            { class: "card" },
            el("summary", null, t("org.accounts.revokedCount", { count: revoked.length })),
            el("ul", { class: "org-revoked" }, revoked.map(revokedLine)),
          ),
      );
    } catch (error) {
      show(this.#list, ...loadFailure(error, () => this.load()));
    }
    this.#list.removeAttribute("aria-busy");
  }

  stop() {
    this.#isLeft = true;
  }

  /** @param {Account} account */
  #card(account) {
    const { name, role, createdAt, createdBy, lastUsedAt } = account;
    return el(
      "li",
      { class: "card" },
      el(
        "div",
        { class: "row spread" },
        el("h2", null, name),
        el("span", { class: "badge" }, t(`org.role.${role}`)),
      ),
      el(
        "dl",
        { class: "org-facts" },
        el("dt", null, t("org.accounts.made")),
        el("dd", null, t("org.accounts.madeBy", { when: shortDate(createdAt), name: createdBy })),
        el("dt", null, t("org.accounts.used")),
        el("dd", null, lastUsedAt === null ? t("org.accounts.neverUsed") : shortDate(lastUsedAt)),
      ),
      this.#isOwn(account) && el("p", { class: "soft small" }, t("org.accounts.you")),
      el(
        "div",
        { class: "row" },
        named(workButton(t("org.accounts.renew"), () => this.#renew(account)), name),
        named(workButton(t("org.accounts.revoke"), () => this.#revoke(account), "danger"), name),
      ),
    );
  }

  /** @param {Account} account */
  async #renew(account) {
    const { id, name } = account;
    const isSure = await confirmed({
      title: t("org.accounts.renewAsk", { name }),
      text: [t("org.accounts.renewText")],
      action: t("org.accounts.renew"),
    });
    if (!isSure) return;
    try {
      const made = await this.#desk.call((client, token) => client.renewAccountToken(token, id));
      if (this.#isOwn(account)) this.#desk.renew(made.token);
      showToken(made);
    } catch (error) {
      this.#outcome.say("bad", faultWords(error));
      await this.load();
    }
  }

  /** @param {Account} account */
  async #revoke(account) {
    const { id, name } = account;
    const isOwn = this.#isOwn(account);
    const isSure = await confirmed({
      title: t("org.accounts.revokeAsk", { name }),
      text: [t("org.accounts.revokeText"), ...(isOwn ? [t("org.accounts.revokeOwn")] : [])],
      action: t("org.accounts.revoke"),
      isDanger: true,
    });
    if (!isSure) return;
    try {
      await this.#desk.call((client, token) => client.revokeAccount(token, id));
      if (isOwn) return this.#signOut();
      this.#outcome.say("good", t("org.accounts.revoked", { name }));
    } catch (error) {
      this.#outcome.say("bad", faultWords(error));
    }
    await this.load();
    // The button that was pressed is gone.
    this.element.querySelector("h1")?.focus();
  }
}

/** @param {unknown} error */
const faultWords = (error) =>
  error instanceof Problem && error.slug === "not-found" ? t("org.accounts.gone") : problemWords(error);

/**
 * Gives a button, of which there are many, a name of its own.
 * @param {HTMLButtonElement} button @param {string} name
 */
function named(button, name) {
  button.setAttribute("aria-label", `${button.textContent}: ${name}`);
  return button;
}

/** @param {Account} account */
const revokedLine = ({ name, role, revokedAt, revokedBy }) =>
  el(
    "li",
    null,
    t("org.accounts.revokedLine", { name, role: t(`org.role.${role}`), when: shortDate(revokedAt ?? ""), by: revokedBy ?? "" }),
  );

/** @param {Desk} desk @param {() => void} signOut @returns {import("./parts.js").View} */
export function accountsView(desk, signOut) {
  const page = new AccountsPage(desk, signOut);
  return { title: t("org.accounts.title"), element: page.element, stop: () => page.stop() };
}
