// Buttons that come and go without losing the place of who works by keyboard.

/** Enable or disable a button; the focus of one that is disabled goes to `heir`. */
export function setEnabled(button, isEnabled, heir) {
  if (!isEnabled && document.activeElement === button) heir.focus({ preventScroll: true });
  button.disabled = !isEnabled;
}
