package dev.lateen.proxy.http;

import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.head.Authority;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Addresses in lines of access logs. */
final class Addresses {
    private Addresses() {}

    /** With the port, as Envoy writes it. */
    static @Nullable String text(@Nullable InetSocketAddress address) {
        return address == null ? null : Host.addressText(address);
    }

    static @Nullable String port(@Nullable InetSocketAddress address) {
        return address == null ? null : Integer.toString(address.getPort());
    }

    /**
     * Without the port.
     *
     * @param mask how many leading bits count, which are then written behind it; empty for the whole address
     * @return null as well for more bits than the address has
     */
    static @Nullable String bare(@Nullable InetSocketAddress address, String mask) {
        if (address == null) {
            return null;
        }
        if (mask.isEmpty()) {
            return withoutPort(Host.addressText(address));
        }
        byte[] bytes = address.getAddress().getAddress();
        int length = Integer.parseInt(mask);
        if (length > bytes.length * 8) {
            return null;
        }
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] &= (byte) (0xFF << Math.clamp((i + 1) * 8L - length, 0, 8));
        }
        try {
            InetSocketAddress masked = new InetSocketAddress(InetAddress.getByAddress(bytes), 0);
            return withoutPort(Host.addressText(masked)) + "/" + length;
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
        }
    }

    /** A host's name or address without its port and the brackets around one of IPv6. */
    static String withoutPort(String host) {
        String name = Authority.of(host).host();
        return name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
    }
}
