package dev.lateen.analysis;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.ConfigWriter;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectMeta;
import dev.lateen.config.Origin;
import dev.lateen.config.networking.ServiceEntry;
import dev.lateen.config.networking.WorkloadEntry;
import dev.lateen.mesh.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The ServiceEntries that let out what was seen and nothing else: one for each host and each namespace that called it,
 * for that namespace alone, with the ports that were called. Never a wildcard. Immutable.
 *
 * @param entries in the order of namespaces and hosts
 * @param comments who called, of each entry
 * @param left what was seen and gets no entry, with the reason
 */
public record EgressList(List<ConfigObject<ServiceEntry>> entries, List<String> comments, List<String> left) {
    private static final Pattern NAME = Pattern.compile(
            "(?=.{1,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)" + "(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+");
    private static final Pattern IPV4 = Pattern.compile("\\d+(\\.\\d+){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-f]*:[0-9a-f:.]*");
    private static final int LONGEST_NAME = 63;

    public EgressList {
        entries = List.copyOf(entries);
        comments = List.copyOf(comments);
        left = List.copyOf(left);
    }

    /** Makes the list; hosts and ports that the mesh knows by now are left out, and those of {@link EgressProbe}. */
    public static EgressList of(Snapshot snapshot, List<Outgoing> seen) {
        Map<String, List<Outgoing>> byEntry = new TreeMap<>();
        Set<String> left = new TreeSet<>();
        for (Outgoing each : Outgoing.sums(seen)) {
            if (EgressProbe.calls(snapshot, each.host())) {
                continue;
            }
            String why = whyNot(snapshot, each);
            if (why.isEmpty()) {
                byEntry.computeIfAbsent(each.namespace() + "/" + each.host(), _ -> new ArrayList<>())
                        .add(each);
            } else {
                left.add(printable(each.host()) + ":" + each.port() + ", called by " + each.namespace() + "/"
                        + printable(each.source()) + ": " + why);
            }
        }
        List<ConfigObject<ServiceEntry>> entries = new ArrayList<>();
        List<String> comments = new ArrayList<>();
        byEntry.values().forEach(calls -> {
            Outgoing first = calls.getFirst();
            entries.add(new ConfigObject<>(
                    Kinds.SERVICE_ENTRY,
                    Kinds.SERVICE_ENTRY.apiVersion(),
                    ObjectMeta.named(first.namespace(), name(first.host())),
                    spec(first.host(), calls),
                    new Origin.File("egress", 1, Map.of(), "")));
            comments.add(calls.stream().map(EgressList::comment).collect(Collectors.joining("; ")));
        });
        return new EgressList(entries, comments, List.copyOf(left));
    }

    private static String comment(Outgoing call) {
        String what = call.protocol() == Outgoing.Protocol.HTTP ? " request" : " connection";
        return call.calls() + what + (call.calls() == 1 ? "" : "s") + " of " + printable(call.source()) + " to port "
                + call.port() + (call.refused() ? ", refused" : ", let out");
    }

    private static String whyNot(Snapshot snapshot, Outgoing call) {
        String host = call.host();
        if (call.port() < 1 || call.port() > 65_535) {
            return "no port";
        }
        if (isAddress(host)) {
            return snapshot.registry().services().stream()
                            .anyMatch(service -> service.dialled().contains(host)
                                    && service.port(call.port()).isPresent())
                    ? "is known by now"
                    : "";
        }
        if (snapshot.registry().services(host).stream()
                .anyMatch(service -> service.port(call.port()).isPresent())) {
            return "is known by now";
        }
        if (!host.contains(".") || host.endsWith(".svc") || host.endsWith(".svc." + snapshot.domain())) {
            return "is a name of the cluster: its Service is missing";
        }
        return NAME.matcher(host).matches() ? "" : "is no host name";
    }

    private static boolean isAddress(String host) {
        return IPV4.matcher(host).matches() || IPV6.matcher(host).matches();
    }

    private static String name(String host) {
        String name = (isAddress(host) ? "address-" : "") + host.replaceAll("[^a-z0-9]+", "-");
        String cut = name.length() <= LONGEST_NAME
                ? name
                : name.substring(0, LONGEST_NAME - 9) + "-" + String.format("%08x", host.hashCode());
        return cut.replaceAll("^-+|-+$", "");
    }

    private static ServiceEntry spec(String host, List<Outgoing> calls) {
        boolean address = isAddress(host);
        Map<Integer, Outgoing.Protocol> ports = new TreeMap<>();
        // Raw bytes where it is reached by address alone: its name is not in what is sent.
        calls.forEach(call ->
                ports.merge(call.port(), address ? Outgoing.Protocol.TCP : call.protocol(), EgressList::either));
        List<ServiceEntry.ServicePort> all = new ArrayList<>();
        ports.forEach((number, protocol) -> all.add(new ServiceEntry.ServicePort(
                number, protocol.name(), protocol.name().toLowerCase(java.util.Locale.ROOT) + "-" + number, 0)));
        List<WorkloadEntry> endpoints =
                address ? List.of(new WorkloadEntry(host, Map.of(), Map.of(), "", "", 0, "")) : List.of();
        return new ServiceEntry(
                List.of(host),
                address ? List.of(host) : List.of(),
                all,
                ServiceEntry.Location.MESH_EXTERNAL,
                address ? ServiceEntry.Resolution.STATIC : ServiceEntry.Resolution.DNS,
                endpoints,
                null,
                List.of("."),
                List.of());
    }

    /** A port on which both were seen is one of TLS: HTTP in the clear was a mistake, or was refused. */
    private static Outgoing.Protocol either(Outgoing.Protocol one, Outgoing.Protocol other) {
        return one == other ? one : Outgoing.Protocol.TLS;
    }

    private static String printable(String text) {
        String clean = text.replaceAll("[^\\x21-\\x7e]", "?");
        return clean.length() <= 100 ? clean : clean.substring(0, 100) + "...";
    }

    /** YAML, with who called above each entry, and what got none at the end. */
    @Override
    public String toString() {
        StringBuilder yaml = new StringBuilder();
        for (int i = 0; i < entries.size(); i++) {
            String document = ConfigWriter.toYaml(entries.get(i));
            yaml.append("---\n# ").append(comments.get(i)).append('\n').append(document.replaceFirst("^---\\R?", ""));
        }
        left.forEach(each -> yaml.append("# no entry: ").append(each).append('\n'));
        return yaml.toString();
    }
}
