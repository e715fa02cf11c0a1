/**
 * Numbers of the kernel's generic-netlink family `IPVS`, under the names of `linux/ip_vs.h`,
 * `linux/netlink.h` and `linux/in.h`, without their common prefix.
 */

/** Commands, IPVS_CMD_*. A dump answers with the NEW command of what it lists, GET_CONFIG with SET_CONFIG. */
export const IPVS_CMD = {
  NEW_SERVICE: 1,
  SET_SERVICE: 2,
  DEL_SERVICE: 3,
  GET_SERVICE: 4,
  NEW_DEST: 5,
  SET_DEST: 6,
  DEL_DEST: 7,
  GET_DEST: 8,
  NEW_DAEMON: 9,
  DEL_DAEMON: 10,
  GET_DAEMON: 11,
  SET_CONFIG: 12,
  GET_CONFIG: 13,
  SET_INFO: 14,
  GET_INFO: 15,
  ZERO: 16,
  FLUSH: 17,
} as const

/** IPVS_GENL_VERSION: the second byte of every message. */
export const IPVS_GENL_VERSION = 1

/** Top-level attributes, IPVS_CMD_ATTR_*. */
export const IPVS_CMD_ATTR = {
  SERVICE: 1,
  DEST: 2,
  DAEMON: 3,
  TIMEOUT_TCP: 4,
  TIMEOUT_TCP_FIN: 5,
  TIMEOUT_UDP: 6,
} as const

/** Inside SERVICE, IPVS_SVC_ATTR_*. */
export const IPVS_SVC_ATTR = {
  AF: 1,
  PROTOCOL: 2,
  ADDR: 3,
  PORT: 4,
  FWMARK: 5,
  SCHED_NAME: 6,
  FLAGS: 7,
  TIMEOUT: 8,
  NETMASK: 9,
  STATS: 10,
  PE_NAME: 11,
  STATS64: 12,
} as const

/** Inside DEST, IPVS_DEST_ATTR_*. */
export const IPVS_DEST_ATTR = {
  ADDR: 1,
  PORT: 2,
  FWD_METHOD: 3,
  WEIGHT: 4,
  U_THRESH: 5,
  L_THRESH: 6,
  ACTIVE_CONNS: 7,
  INACT_CONNS: 8,
  PERSIST_CONNS: 9,
  STATS: 10,
  ADDR_FAMILY: 11,
  STATS64: 12,
  TUN_TYPE: 13,
  TUN_PORT: 14,
  TUN_FLAGS: 15,
} as const

/** Inside DAEMON, IPVS_DAEMON_ATTR_*. */
export const IPVS_DAEMON_ATTR = {
  STATE: 1,
  MCAST_IFN: 2,
  SYNC_ID: 3,
  SYNC_MAXLEN: 4,
  MCAST_GROUP: 5,
  MCAST_GROUP6: 6,
  MCAST_PORT: 7,
  MCAST_TTL: 8,
} as const

/** Inside STATS (u32, the byte counts u64) and STATS64 (all u64), IPVS_STATS_ATTR_*. */
export const IPVS_STATS_ATTR = {
  CONNS: 1,
  INPKTS: 2,
  OUTPKTS: 3,
  INBYTES: 4,
  OUTBYTES: 5,
  CPS: 6,
  INPPS: 7,
  OUTPPS: 8,
  INBPS: 9,
  OUTBPS: 10,
} as const

/** Service flags, IP_VS_SVC_F_*. HASHED is the kernel's own. */
export const IP_VS_SVC_F = {
  PERSISTENT: 0x0001,
  HASHED: 0x0002,
  ONEPACKET: 0x0004,
  SCHED1: 0x0008,
  SCHED2: 0x0010,
  SCHED3: 0x0020,
} as const

/** Forwarding methods, IP_VS_CONN_F_*. */
export const IP_VS_CONN_F = { MASQ: 0, LOCALNODE: 1, TUNNEL: 2, DROUTE: 3, BYPASS: 4 } as const

/** Tunnel types, IP_VS_CONN_F_TUNNEL_TYPE_*. */
export const IP_VS_CONN_F_TUNNEL_TYPE = { IPIP: 0, GUE: 1, GRE: 2 } as const

/** Tunnel flags, IP_VS_TUNNEL_ENCAP_FLAG_*. */
export const IP_VS_TUNNEL_ENCAP_FLAG = { NOCSUM: 0, CSUM: 1, REMCSUM: 2 } as const

/** Sync daemon states, IP_VS_STATE_*. */
export const IP_VS_STATE = { MASTER: 1, BACKUP: 2 } as const

/** Address families, AF_*. */
export const AF = { INET: 2, INET6: 10 } as const

/** IPPROTO_*. */
export const IPPROTO = { TCP: 6, UDP: 17, SCTP: 132 } as const

/** Request flags, NLM_F_*. DUMP is ROOT and MATCH together. */
export const NLM_F = { ACK: 0x4, EXCL: 0x200, DUMP: 0x300, CREATE: 0x400 } as const
