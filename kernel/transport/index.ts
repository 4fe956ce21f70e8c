export { ConnectionError, readConnectionFile, type ConnectionInfo } from './connection-file.js';
export type { Channel, Transport, TransportEvents } from './transport.js';
export { ZeroMqTransport } from './zeromq-transport.js';
