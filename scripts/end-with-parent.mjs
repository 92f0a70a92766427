/**
 * Loaded before a program that the bootstrap runs: when the bootstrap is killed outright it cannot
 * pass a signal on, so the program ends itself in good order rather than keep ports and locks.
 */
const parent = process.ppid

const watch = setInterval(() => {
  if (process.ppid === parent) return
  // Once is enough; a program that takes its time to stop is not to be hurried.
  process.kill(process.pid, 'SIGTERM')
  clearInterval(watch)
}, 1000)
watch.unref()
