/** Everything that the metrics of a node tell, by name. The table in `docs/METRICS.md` is made from this one. */
export interface NodeInstrument {
  readonly name: `joinery_node_${string}`
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
}

const counter = (name: NodeInstrument['name'], help: string, ...labels: string[]): NodeInstrument => ({
  name,
  type: 'counter',
  help,
  labels,
})
const gauge = (name: NodeInstrument['name'], help: string): NodeInstrument => ({
  name,
  type: 'gauge',
  help,
  labels: [],
})

export type NodeMeasuredName =
  | 'connections'
  | 'refusals'
  | 'peerRefusals'
  | 'sent'
  | 'sentBytes'
  | 'edits'
  | 'changes'
  | 'anomalies'
  | 'storeFailures'
  | 'storeSeconds'

/** What is counted and measured as it happens. */
export const nodeMeasured: Readonly<Record<NodeMeasuredName, NodeInstrument>> = {
  connections: counter('joinery_node_connections_total', 'Connections to other nodes that came to stand.'),
  refusals: counter('joinery_node_refusals_total', 'Connections that did not, or that had to end, by code.', 'code'),
  peerRefusals: counter('joinery_node_peer_refusals_total', 'Messages of peers that cannot be taken, by code.', 'code'),
  sent: counter('joinery_node_messages_total', 'Messages for other nodes, by cause (live, repair, control).', 'cause'),
  sentBytes: counter('joinery_node_message_bytes_total', 'Bytes of these messages, by cause.', 'cause'),
  edits: counter('joinery_node_edits_total', 'Edits of this node, by outcome (admitted, refused).', 'outcome'),
  changes: counter('joinery_node_changes_received_total', 'Changes taken from other nodes.'),
  anomalies: counter(
    'joinery_node_anomalies_total',
    'What should not happen to a document, by kind (forked, renewed, diverged), and its end (repaired).',
    'kind',
  ),
  storeFailures: counter('joinery_node_store_failures_total', 'Reads and writes of the store that failed.'),
  storeSeconds: {
    name: 'joinery_node_store_write_duration_seconds',
    type: 'histogram',
    labels: [],
    help: 'Time until a write was durable.',
  },
}

export type NodeCurrentName =
  | 'peers'
  | 'members'
  | 'lives'
  | 'unstoredBytes'
  | 'pushes'
  | 'early'
  | 'forks'
  | 'waitingBytes'
  | 'droppedMessages'

/** What there is now. */
export const nodeCurrent: Readonly<Record<NodeCurrentName, NodeInstrument>> = {
  peers: gauge('joinery_node_peers', 'Nodes that are connected.'),
  members: gauge('joinery_node_members', 'Nodes that are known and not gone, this one included.'),
  lives: gauge('joinery_node_lives', 'Lives of documents that are kept, those that have ended included.'),
  unstoredBytes: gauge('joinery_node_unstored_bytes', 'Bytes of changes that wait to be stored.'),
  pushes: gauge('joinery_node_pushes', 'Pushes that nobody has confirmed yet.'),
  early: gauge('joinery_node_changes_early', 'Changes that wait for others.'),
  forks: gauge('joinery_node_forks', 'Actors of which two histories were met, as far as the node lists them.'),
  waitingBytes: gauge('joinery_node_waiting_bytes', 'Bytes that wait to be sent, over all connections.'),
  droppedMessages: gauge(
    'joinery_node_dropped_messages',
    'Messages that were not sent since the start: no way, or no room.',
  ),
}
