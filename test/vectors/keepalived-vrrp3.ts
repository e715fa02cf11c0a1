/**
 * Ethernet frames sent by Debian's keepalived 1:2.2.7-1+b2 (package keepalived, Debian 12), captured with tcpdump
 * on the other end of a veth pair: vrrp_version 3, virtual_router_id 51, priority 100, advert_int 0.1,
 * addresses 10.0.0.100/24 and 10.0.0.101/24, interface address 10.0.0.12, multicast. tcpdump finds every
 * checksum right.
 */
export const keepalived = {
  /** The first advertisement as Active. */
  advertisement:
    '01005e00001232ef6b2e0264080045c0002400010000ff70d08a0a00000ce000001231336402000a6b580a0000640a000065',
  /** On SIGTERM: priority 0. */
  resignation:
    '01005e00001232ef6b2e0264080045c0002400160000ff70d0750a00000ce000001231330002000acf580a0000640a000065',
  /** Gratuitous ARP for 10.0.0.100; the target hardware address is all ones, which nobody looks at. */
  gratuitousArp: 'ffffffffffff32ef6b2e02640806000108000604000132ef6b2e02640a000064ffffffffffff0a000064',
} as const
