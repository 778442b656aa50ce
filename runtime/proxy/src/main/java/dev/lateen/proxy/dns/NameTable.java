package dev.lateen.proxy.dns;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Names of the mesh and their addresses ({@code istio.networking.nds.v1.NameTable}, istio/istio pkg/dns/proto), with the
 * shorter names by which a workload may call a Kubernetes service. Immutable.
 */
final class NameTable {
    /** @param addresses of four and of sixteen bytes */
    record Found(String alias, List<byte[]> addresses) {
        List<byte[]> ofLength(int length) {
            return addresses.stream().filter(bytes -> bytes.length == length).toList();
        }
    }

    /** What is known of one host. */
    record NameInfo(List<String> addresses, String registry, String shortName, String namespace) {}

    private final Map<String, List<byte[]>> addresses = new HashMap<>();
    private final String search;

    /** Whether a wildcard begins within a label, such as {@code *-x.example.com}. */
    private final boolean partialWildcards;

    /**
     * @param hosts by full name
     * @param domain of the workload's namespace, such as {@code shop.svc.cluster.local}
     * @param search the first of the resolver's search domains, empty for none: applications ask for every name with it
     *     first, and are answered at once
     */
    NameTable(Map<String, NameInfo> hosts, String domain, String search) {
        this.search = search.isEmpty() ? "" : "." + search;
        String namespace = domain.substring(0, Math.max(0, domain.indexOf('.')));
        String cluster = domain.substring(namespace.length());
        hosts.forEach((host, info) -> {
            List<byte[]> bytes = info.addresses().stream()
                    .filter(InetAddressText::isAddress)
                    .map(text -> InetAddress.ofLiteral(text).getAddress())
                    .toList();
            if (bytes.isEmpty()) {
                return;
            }
            for (String name : names(host, info, namespace, cluster)) {
                addresses.put(name.toLowerCase(Locale.ROOT), bytes);
            }
        });
        partialWildcards = addresses.keySet().stream().anyMatch(name -> name.startsWith("*") && !name.startsWith("*."));
    }

    private static List<String> names(String host, NameInfo info, String namespace, String cluster) {
        List<String> names = new ArrayList<>(List.of(host));
        if (info.registry().equals("Kubernetes") && !cluster.isEmpty() && host.endsWith(cluster)) {
            String near = info.shortName() + "." + info.namespace();
            names.add(near);
            names.add(near + ".svc");
            if (info.namespace().equals(namespace)) {
                names.add(info.shortName());
            }
        }
        return names;
    }

    /** The addresses of a name, exactly or by the longest wildcard; empty when the table does not know it. */
    java.util.Optional<Found> find(String name) {
        List<byte[]> exact = exact(name);
        if (exact.isEmpty() && !search.isEmpty() && name.endsWith(search)) {
            String alias = name.substring(0, name.length() - search.length());
            List<byte[]> aliased = exact(alias);
            if (!aliased.isEmpty()) {
                return java.util.Optional.of(new Found(alias, aliased));
            }
        }
        return exact.isEmpty() ? java.util.Optional.empty() : java.util.Optional.of(new Found("", exact));
    }

    private List<byte[]> exact(String name) {
        List<byte[]> found = addresses.getOrDefault(name, List.of());
        for (int at = 1; at < name.length() && found.isEmpty(); at++) {
            if (partialWildcards || name.charAt(at) == '.') {
                found = addresses.getOrDefault("*" + name.substring(at), List.of());
            }
        }
        return found;
    }

    /**
     * Reads one resource: a table of hosts, or (as newer control planes send it) one host by the resource's own name.
     *
     * @throws IOException when it is damaged
     */
    static Map<String, NameInfo> read(String resourceName, ByteString bytes) throws IOException {
        Map<String, NameInfo> hosts = new HashMap<>();
        CodedInputStream in = bytes.newCodedInput();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> entry(in.readBytes(), hosts);
                case 2 -> hosts.put(resourceName, info(in.readBytes()));
                default -> in.skipField(tag);
            }
        }
        return hosts;
    }

    private static void entry(ByteString bytes, Map<String, NameInfo> hosts) throws IOException {
        CodedInputStream in = bytes.newCodedInput();
        String host = "";
        NameInfo info = new NameInfo(List.of(), "", "", "");
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> host = in.readStringRequireUtf8();
                case 2 -> info = info(in.readBytes());
                default -> in.skipField(tag);
            }
        }
        hosts.put(host, info);
    }

    private static NameInfo info(ByteString bytes) throws IOException {
        CodedInputStream in = bytes.newCodedInput();
        List<String> addresses = new ArrayList<>();
        String registry = "";
        String shortName = "";
        String namespace = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> addresses.add(in.readStringRequireUtf8());
                case 2 -> registry = in.readStringRequireUtf8();
                case 3 -> shortName = in.readStringRequireUtf8();
                case 4 -> namespace = in.readStringRequireUtf8();
                default -> in.skipField(tag);
            }
        }
        return new NameInfo(addresses, registry, shortName, namespace);
    }

    /** Tells addresses from names without asking anybody. */
    private static final class InetAddressText {
        static boolean isAddress(String text) {
            try {
                return InetAddress.ofLiteral(text).getAddress().length > 0;
            } catch (IllegalArgumentException e) {
                // A name or a block: no address to answer with.
                return false;
            }
        }
    }
}
