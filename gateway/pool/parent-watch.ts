/** Runs as a thread of a converter child: ends the whole child when its parent is gone. */
const parent = process.ppid;
const lookEveryMs = 1000;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, lookEveryMs);
