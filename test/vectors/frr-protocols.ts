/**
 * Ethernet frames sent by FRR's vrrpd 8.4.4-1.1~deb12u2 (package frr, Debian 12) from macvlan interfaces with the
 * virtual MACs, captured with tcpdump on the other end of a veth pair: priority 50, advertisement-interval 1000,
 * interface address 10.9.0.2, fe80::100 on the IPv6 macvlan. tcpdump finds every checksum right.
 */
export const frrProtocols = {
  /** vrrp 51 version 3, 10.9.0.100: the checksum covers the pseudo-header. */
  version3: '01005e00001200005e000133080045c00020d2e14000ff70bdae0a090002e0000012313332010064a7600a090064',
  /** vrrp 52 version 2, 10.9.0.102. */
  version2:
    '01005e00001200005e000134080045c00028d2e24000ff70bda50a090002e0000012213432010001a25a0a0900660000000000000000',
  /** vrrp 51 version 3, 2001:db8::100; no link-local address among them. */
  ipv6: '33330000001200005e00023386dd6c0b433a001870fffe800000000000000000000000000100ff0200000000000000000000000000123133320100646e9020010db8000000000000000000000100',
} as const
