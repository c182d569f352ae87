/**
 * Keeps the screen on while the page is visible, if the browser can.
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
    // Refused when the battery is low; the screen then turns off as usual.
    lock = await wakeLock?.request("screen").catch(() => undefined);
  };
  // The browser releases the lock whenever the page is hidden.
  document.addEventListener("visibilitychange", ask, { signal: until });
  until.addEventListener("abort", () => lock?.release().catch(() => {}));
  void ask();
}
