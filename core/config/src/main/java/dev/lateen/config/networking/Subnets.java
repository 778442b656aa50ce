package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import java.net.InetAddress;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Addresses and blocks of addresses: {@code 10.0.0.1}, {@code 10.0.0.0/8}, {@code fd00::/8}. */
final class Subnets {
    /** Java also takes {@code 10.1} for an address, which proxies do not, and zones of one machine. */
    private static final Pattern ADDRESS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*");

    private Subnets() {}

    static void checkAddress(String address, String field, Findings findings) {
        if (!isAddress(address)) {
            findings.error(field, "\"" + HostNames.shorten(address) + "\" is no IP address");
        }
    }

    static boolean isAddress(String text) {
        return parse(text) != null;
    }

    private static @Nullable InetAddress parse(String text) {
        try {
            return ADDRESS.matcher(text).matches() ? InetAddress.ofLiteral(text) : null;
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    static void check(String subnet, String field, Findings findings) {
        int slash = subnet.indexOf('/');
        String address = slash < 0 ? subnet : subnet.substring(0, slash);
        String length = slash < 0 ? "0" : subnet.substring(slash + 1);
        InetAddress parsed = parse(address);
        if (parsed == null) {
            findings.error(
                    field, "\"" + HostNames.shorten(subnet) + "\" is no address and no block such as 10.0.0.0/8");
            return;
        }
        int bits = parsed.getAddress().length * 8;
        boolean number =
                length.length() <= 3 && !length.isEmpty() && length.chars().allMatch(c -> c >= '0' && c <= '9');
        if (!number || Integer.parseInt(length) > bits) {
            findings.error(
                    field, "\"" + HostNames.shorten(subnet) + "\" is no block: its length must be from 0 to " + bits);
        }
    }
}
