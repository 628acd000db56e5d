// The programs of a device. Each hands what arrives on a queue with a socket
// to that socket and lets the rest pass to the kernel, unchanged. One of them is
// loaded; which one, afxdp finds out by trying (program.go).

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// The socket of each queue. Its size is set when it is loaded.
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 1);
} sockets SEC(".maps");

SEC("xdp")
int plain(struct xdp_md *ctx)
{
	return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
}

// Linux 6.8. It answers 0 when the driver holds a tag that is not in the frame.
extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto, __u16 *vlan_tci) __ksym;

struct addresses {
	__u32 words[3]; // destination and source
};

struct tagged {
	struct addresses mac;
	__be16 proto, tci;
};

// with_tag puts an offloaded VLAN tag back between the addresses and the type.
SEC("xdp")
int with_tag(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;
	__be16 proto;
	__u16 tci;

	if (!bpf_map_lookup_elem(&sockets, &queue))
		return XDP_PASS;
	if (bpf_xdp_metadata_rx_vlan_tag(ctx, &proto, &tci) == 0) {
		if (bpf_xdp_adjust_head(ctx, -4))
			return XDP_ABORTED;
		struct tagged *f = (void *)(long)ctx->data;
		struct addresses *old = (void *)f + 4;
		if ((void *)(old + 1) > (void *)(long)ctx->data_end)
			return XDP_ABORTED;
		f->mac.words[0] = old->words[0];
		f->mac.words[1] = old->words[1];
		f->mac.words[2] = old->words[2];
		f->proto = proto;
		f->tci = bpf_htons(tci);
	}
	return bpf_redirect_map(&sockets, queue, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
