package dev.lateen.proxycore;

import io.envoyproxy.envoy.config.core.v3.CidrRange;
import java.net.InetAddress;
import java.util.Arrays;

/** A range of addresses: the leading {@code length} bits of {@code bytes} (RFC 4632, RFC 4291 section 2.3). */
public final class Cidr {
    private final byte[] bytes;
    private final int length;

    private Cidr(byte[] bytes, int length) {
        this.bytes = bytes;
        this.length = length;
    }

    /** Compiles the range; an address that is not a literal or a length that does not fit is refused. */
    public static Cidr of(CidrRange range, Place at) throws CompileException {
        byte[] bytes =
                at.field("address_prefix").literal(range.getAddressPrefix()).getAddress();
        int length = range.hasPrefixLen() ? range.getPrefixLen().getValue() : 0;
        if (length < 0 || length > bytes.length * 8) {
            throw at.field("prefix_len").refuse("not a prefix length for " + range.getAddressPrefix() + ": " + length);
        }
        for (int bit = length; bit < bytes.length * 8; bit++) {
            bytes[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
        return new Cidr(bytes, length);
    }

    /** Number of leading bits that count. */
    public int length() {
        return length;
    }

    /** Whether the address is of the same family and inside. */
    public boolean contains(InetAddress address) {
        byte[] other = address.getAddress();
        if (other.length != bytes.length) {
            return false;
        }
        int whole = length / 8;
        if (!Arrays.equals(bytes, 0, whole, other, 0, whole)) {
            return false;
        }
        int rest = length % 8;
        return rest == 0 || ((bytes[whole] ^ other[whole]) & 0xFF) >>> (8 - rest) == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Cidr that && length == that.length && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(bytes) + length;
    }

    @Override
    public String toString() {
        try {
            return InetAddress.getByAddress(bytes).getHostAddress() + "/" + length;
        } catch (java.net.UnknownHostException e) {
            throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
        }
    }
}
