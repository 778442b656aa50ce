package dev.lateen.analysis;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.networking.ClientTls;
import dev.lateen.config.networking.DestinationRule;
import dev.lateen.config.networking.TrafficPolicy;
import dev.lateen.config.security.PeerAuthentication.Mode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Endpoint;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.registry.Workload;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What would break when mutual TLS is demanded (PeerAuthentication STRICT), by what proxies have counted, and where nothing
 * would. Immutable, for any thread.
 *
 * @param plaintext calls that came without mutual TLS to workloads that could demand it, most first
 * @param workloads those with a proxy that can end mutual TLS, by namespace and name
 * @param namespaces what can be said of each namespace with such workloads
 * @param never what has no part in mutual TLS, with the reason
 */
public record MtlsPlan(
        List<Plaintext> plaintext, List<State> workloads, Map<String, String> namespaces, List<Outside> never) {
    private static final String TLS_MODE = "security.istio.io/tlsMode";
    private static final String UNKNOWN = "unknown";

    public MtlsPlan {
        plaintext = List.copyOf(plaintext);
        workloads = List.copyOf(workloads);
        namespaces = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(namespaces));
        never = List.copyOf(never);
    }

    /**
     * Calls as the receiving proxy counted them since it started.
     *
     * @param source workload that called; {@code unknown} when nothing told
     * @param service host that was called
     * @param mutual whether they came by mutual TLS
     */
    public record Seen(
            String source,
            String sourceNamespace,
            String workload,
            String namespace,
            String service,
            boolean mutual,
            long calls) {}

    /** Calls that STRICT would refuse. */
    public record Plaintext(String source, String target, String service, long calls) {}

    /** A workload, the mode in force, and what STRICT would do. */
    public record State(String workload, Mode mode, long mutual, long plain, Advice advice) {}

    /** Something that mutual TLS does not reach. */
    public record Outside(String name, String why) {}

    /** What STRICT would do to a workload. */
    public enum Advice {
        /** It is in force. */
        STRICT_NOW("is STRICT"),
        /** All calls seen came by mutual TLS. */
        READY("can turn STRICT"),
        /** Plaintext was seen. */
        BREAKS("would refuse callers"),
        /** Nothing was seen, so nothing is known. */
        NOT_CALLED("no calls seen"),
        /** A proxy did not tell. */
        NOT_READ("its proxies were not all read");

        private final String words;

        Advice(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /**
     * Plans.
     *
     * @param proxies {@code NAMESPACE/POD} of pods with a proxy, gateways too
     * @param unread those of them whose metrics could not be read
     */
    public static MtlsPlan of(Snapshot snapshot, Collection<Seen> seen, Set<String> proxies, Set<String> unread) {
        Map<String, Workload> secured = new TreeMap<>();
        Set<String> notRead = new TreeSet<>();
        Set<String> without = new TreeSet<>();
        for (Workload pod : snapshot.registry().workloads()) {
            String name = pod.namespace() + "/" + pod.name();
            if ("istio".equals(pod.labels().get(TLS_MODE))) {
                secured.putIfAbsent(owner(pod), pod);
                if (unread.contains(name)) {
                    notRead.add(owner(pod));
                }
            } else if (!proxies.contains(name)) {
                without.add(owner(pod));
            }
        }
        List<State> states = new ArrayList<>();
        secured.forEach((name, pod) -> states.add(state(snapshot, name, pod, seen, notRead)));
        List<Plaintext> plaintext = seen.stream()
                .filter(call -> !call.mutual() && secured.containsKey(target(call)))
                .map(call -> new Plaintext(source(call), target(call), service(snapshot, call), call.calls()))
                .sorted(Comparator.comparingLong(Plaintext::calls)
                        .reversed()
                        .thenComparing(Plaintext::target)
                        .thenComparing(Plaintext::source))
                .toList();
        List<Outside> never = new ArrayList<>();
        without.forEach(name -> never.add(new Outside(name, "pod without a proxy: cannot call what is STRICT")));
        endpoints(snapshot, never);
        rules(snapshot, never);
        return new MtlsPlan(plaintext, states, namespaces(states), never);
    }

    private static String owner(Workload pod) {
        return pod.namespace() + "/" + pod.owner();
    }

    private static String target(Seen call) {
        return call.namespace() + "/" + call.workload();
    }

    private static String source(Seen call) {
        return call.source().equals(UNKNOWN) || call.source().isEmpty()
                ? "unknown (no proxy told its name)"
                : call.sourceNamespace() + "/" + call.source();
    }

    /** The service with its port, where it has only one. */
    private static String service(Snapshot snapshot, Seen call) {
        List<MeshService> found = snapshot.registry().services(call.service());
        return found.size() == 1 && found.getFirst().ports().size() == 1
                ? call.service() + ":" + found.getFirst().ports().getFirst().number()
                : call.service();
    }

    private static State state(
            Snapshot snapshot, String name, Workload pod, Collection<Seen> seen, Set<String> notRead) {
        Mode mode = snapshot.rules().security().mode(pod.namespace(), pod.labels(), 0);
        long mutual = sum(seen, name, true);
        long plain = sum(seen, name, false);
        Advice advice = mode == Mode.STRICT
                ? Advice.STRICT_NOW
                : plain > 0
                        ? Advice.BREAKS
                        : notRead.contains(name) ? Advice.NOT_READ : mutual > 0 ? Advice.READY : Advice.NOT_CALLED;
        return new State(name, mode, mutual, plain, advice);
    }

    private static long sum(Collection<Seen> seen, String target, boolean mutual) {
        return seen.stream()
                .filter(call -> call.mutual() == mutual && target(call).equals(target))
                .mapToLong(Seen::calls)
                .sum();
    }

    private static Map<String, String> namespaces(List<State> states) {
        Map<String, List<State>> byNamespace = states.stream()
                .collect(Collectors.groupingBy(
                        state -> state.workload().substring(0, state.workload().indexOf('/')),
                        TreeMap::new,
                        Collectors.toList()));
        Map<String, String> said = new LinkedHashMap<>();
        byNamespace.forEach((namespace, all) -> said.put(namespace, advice(all)));
        return said;
    }

    private static String advice(List<State> states) {
        Set<Advice> all = states.stream().map(State::advice).collect(Collectors.toSet());
        if (all.equals(Set.of(Advice.STRICT_NOW))) {
            return Advice.STRICT_NOW.toString();
        }
        for (Advice bad : List.of(Advice.BREAKS, Advice.NOT_READ)) {
            if (all.contains(bad)) {
                return bad + ": " + names(states, bad);
            }
        }
        return all.contains(Advice.NOT_CALLED)
                ? "nothing seen speaks against STRICT; no calls seen of " + names(states, Advice.NOT_CALLED)
                : Advice.READY.toString();
    }

    private static String names(List<State> states, Advice advice) {
        return states.stream()
                .filter(state -> state.advice() == advice)
                .map(state -> state.workload().substring(state.workload().indexOf('/') + 1))
                .collect(Collectors.joining(", "));
    }

    /** Addresses of the mesh's services behind which no proxy is known. */
    private static void endpoints(Snapshot snapshot, List<Outside> never) {
        for (MeshService service : snapshot.registry().services()) {
            if (service.external() || !service.selector().isEmpty()) {
                continue;
            }
            List<String> plain = snapshot.registry().endpoints(service).stream()
                    .filter(endpoint -> !"istio".equals(endpoint.labels().get(TLS_MODE)))
                    .map(Endpoint::address)
                    .distinct()
                    .toList();
            if (!plain.isEmpty()) {
                never.add(new Outside(
                        service.host(),
                        "endpoints that are no pods of the mesh, called in plaintext: " + String.join(", ", plain)));
            }
        }
    }

    /** Callers that were told to do without. */
    private static void rules(Snapshot snapshot, List<Outside> never) {
        for (ConfigObject<?> object : snapshot.config().values()) {
            if (object.kind().equals(Kinds.DESTINATION_RULE)) {
                DestinationRule rule = object.as(Kinds.DESTINATION_RULE).spec();
                if (policies(rule).stream().anyMatch(MtlsPlan::turnsOff) && isOfMesh(snapshot, object, rule.host())) {
                    never.add(new Outside(
                            object.objectName().toString(),
                            "has callers of " + rule.host() + " do without mutual TLS (tls.mode)"));
                }
            }
        }
    }

    private static List<TrafficPolicy> policies(DestinationRule rule) {
        List<TrafficPolicy> all = new ArrayList<>();
        if (rule.trafficPolicy() != null) {
            all.add(rule.trafficPolicy());
        }
        rule.subsets().forEach(subset -> {
            if (subset.trafficPolicy() != null) {
                all.add(subset.trafficPolicy());
            }
        });
        return all;
    }

    private static boolean turnsOff(TrafficPolicy policy) {
        return (policy.tls() != null && isOther(policy.tls()))
                || policy.portLevelSettings().stream().anyMatch(port -> port.tls() != null && isOther(port.tls()));
    }

    private static boolean isOther(ClientTls tls) {
        return tls.mode() != ClientTls.Mode.ISTIO_MUTUAL;
    }

    private static boolean isOfMesh(Snapshot snapshot, ConfigObject<?> rule, String host) {
        String full = host.contains(".") ? host : host + "." + rule.namespace() + ".svc." + snapshot.domain();
        String domain = full.startsWith("*") ? full.substring(1) : full;
        return snapshot.registry().services().stream()
                .anyMatch(service -> !service.external()
                        && (full.startsWith("*")
                                ? service.host().endsWith(domain)
                                : service.host().equals(full)));
    }

    /** For people: tables. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (!plaintext.isEmpty()) {
            TextTable table = new TextTable("PLAINTEXT FROM", "TO", "SERVICE", "CALLS");
            plaintext.forEach(
                    call -> table.row(call.source(), call.target(), call.service(), Long.toString(call.calls())));
            text.append(table).append('\n');
        }
        TextTable table = new TextTable("WORKLOAD", "MODE", "MUTUAL TLS", "PLAINTEXT", "STRICT");
        workloads.forEach(state -> table.row(
                state.workload(),
                state.mode().toString(),
                Long.toString(state.mutual()),
                Long.toString(state.plain()),
                state.advice().toString()));
        text.append(table).append('\n');
        TextTable spaces = new TextTable("NAMESPACE", "STRICT");
        namespaces.forEach(spaces::row);
        text.append(spaces);
        if (!never.isEmpty()) {
            TextTable outside = new TextTable("OUTSIDE OF MUTUAL TLS", "WHY");
            never.forEach(each -> outside.row(each.name(), each.why()));
            text.append('\n').append(outside);
        }
        return text.toString();
    }
}
