/**
 * Ethernet frames sent by Debian's keepalived 2.2.7-1 (package keepalived, Debian 12), captured with tcpdump on
 * the other end of a veth pair, each the first of its instance: advert_int 1, priority 50, interface addresses
 * 10.9.0.2 and fe80::7c17:23ff:fe85:38a, peer 10.9.0.1. tcpdump finds every checksum right.
 */
export const keepalivedProtocols = {
  /** version 2, virtual_router_id 52, auth_type PASS, auth_pass secret, 10.9.0.102. */
  version2Password:
    '01005e0000127e172385038a080045c0002800010000ff70d0870a090002e0000012213432010101650e0a0900667365637265740000',
  /** version 3, virtual_router_id 51, fe80::100 and 2001:db8::100. */
  version3Ipv6:
    '3333000000127e172385038a86dd6c0ec481002870fffe800000000000007c1723fffe85038aff020000000000000000000000000012313332020064cdd7fe80000000000000000000000000010020010db8000000000000000000000100',
  /** version 3, virtual_router_id 54, unicast_peer 10.9.0.1, 10.9.0.104. */
  version3Unicast:
    'fa9dc52c4e7d7e172385038a080045c0002000010000ff70a6980a0900020a0900013136320100647d620a090068',
} as const
