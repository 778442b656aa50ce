package dev.lateen.config.networking;

import dev.lateen.config.shape.Findings;
import java.net.InetAddress;

/** Addresses and blocks of addresses: {@code 10.0.0.1}, {@code 10.0.0.0/8}, {@code fd00::/8}. */
final class Subnets {
    private Subnets() {}

    static void check(String subnet, String field, Findings findings) {
        int slash = subnet.indexOf('/');
        String address = slash < 0 ? subnet : subnet.substring(0, slash);
        String length = slash < 0 ? "0" : subnet.substring(slash + 1);
        try {
            int bits = InetAddress.ofLiteral(address).getAddress().length * 8;
            boolean number =
                    length.length() <= 3 && !length.isEmpty() && length.chars().allMatch(c -> c >= '0' && c <= '9');
            if (!number || Integer.parseInt(length) > bits) {
                findings.error(field, "\"" + subnet + "\" is no block: its length must be from 0 to " + bits);
            }
        } catch (IllegalArgumentException e) {
            findings.error(field, "\"" + subnet + "\" is no address and no block such as 10.0.0.0/8");
        }
    }
}
