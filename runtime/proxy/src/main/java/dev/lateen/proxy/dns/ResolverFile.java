package dev.lateen.proxy.dns;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code /etc/resolv.conf} says (resolv.conf(5)).
 *
 * @param servers in the order of asking, port 53
 * @param search domains
 */
record ResolverFile(List<InetSocketAddress> servers, List<String> search) {
    private static final int PORT = 53;

    /** Lines that cannot be read are passed over, as every resolver does. */
    static ResolverFile of(List<String> lines) {
        List<InetSocketAddress> servers = new ArrayList<>();
        List<String> search = new ArrayList<>();
        for (String line : lines) {
            String[] words = line.strip().split("\\s+");
            if (words.length > 1 && words[0].equals("nameserver")) {
                server(words[1], servers);
            } else if (words.length > 1 && (words[0].equals("search") || words[0].equals("domain"))) {
                search.clear();
                search.addAll(List.of(words).subList(1, words.length));
            }
        }
        return new ResolverFile(List.copyOf(servers), List.copyOf(search));
    }

    private static void server(String text, List<InetSocketAddress> servers) {
        try {
            servers.add(new InetSocketAddress(InetAddress.ofLiteral(text), PORT));
        } catch (IllegalArgumentException e) {
            // Not an address, which resolvers pass over too.
            return;
        }
    }
}
