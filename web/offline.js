// Lets the page open and predict without any network, once it has been asked to.

/**
 * Have the service worker keep the newest version of everything that predicting in the browser needs. Worth calling
 * after each load of the network: what did not change is not fetched again.
 *
 * @returns {Promise<boolean>} whether the page now works offline; false where the browser or the host has no means
 */
export async function keepForOffline() {
  if (!navigator.serviceWorker) return false; // as on plain HTTP from another machine
  try {
    await navigator.serviceWorker.register(new URL('sw.js', import.meta.url), { updateViaCache: 'none' });
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    // A newer one, if there is, knows the newer page's files; the one before would keep it without some.
    const newest = registration.installing ?? registration.waiting ?? registration.active;
    return await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      newest.postMessage('keep', [port2]);
    });
  } catch {
    return false; // the person forbade it, or the disk is full; online nothing is amiss
  }
}
