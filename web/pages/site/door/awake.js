/**
 * Keeps the screen on while the page is looked at, where the browser can.
 * @param {AbortSignal} until
 */
export function keepAwake(until) {
  /** @type {{ release(): Promise<void> } | undefined} */
  let lock;
  const ask = async () => {
    if (document.visibilityState !== "visible" || until.aborted) return;
    const wakeLock = /** @type {{ request(type: string): Promise<{ release(): Promise<void> }> } | undefined} */ (
      Reflect.get(navigator, "wakeLock")
    );
    // Refused when the battery is low: then the screen goes off as it would.
    lock = await wakeLock?.request("screen").catch(() => undefined);
  };
  // The browser takes the lock away whenever the page is hidden.
  document.addEventListener("visibilitychange", ask, { signal: until });
  until.addEventListener("abort", () => lock?.release().catch(() => {}));
  void ask();
}
