// Runs a server once a core, all behind one port: node cluster.mjs SERVER.mjs PORT MODEL

import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';

const [exec, ...args] = process.argv.slice(2);
cluster.setupPrimary({ exec, args });
cluster.on('exit', (worker, status) => process.exit(status || 1)); // half a server must not be measured
for (let core = 0; core < availableParallelism(); core++) cluster.fork();
