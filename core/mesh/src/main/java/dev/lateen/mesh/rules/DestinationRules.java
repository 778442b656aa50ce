package dev.lateen.mesh.rules;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Problem;
import dev.lateen.config.networking.DestinationRule;
import dev.lateen.config.networking.DestinationRule.Subset;
import dev.lateen.config.networking.TrafficPolicy;
import dev.lateen.mesh.gatewayapi.BackendTls;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the DestinationRule that holds: the caller's namespace first, then the service's, then the root namespace. */
final class DestinationRules {
    /** Rules of one namespace: merged ones by host, and those for some callers only. */
    private static final class Local {
        final Map<String, List<ConfigObject<DestinationRule>>> byHost = new LinkedHashMap<>();
        final Map<String, HostPolicy> merged = new HashMap<>();
        final List<ConfigObject<DestinationRule>> selective = new ArrayList<>();
    }

    private final Map<String, Local> byNamespace = new HashMap<>();
    private final String domain;
    private final String root;
    private final boolean selective;
    private final boolean placed;

    private final List<ConfigObject<DestinationRule>> rules;
    private final List<Problem> problems = new ArrayList<>();

    DestinationRules(List<ConfigObject<DestinationRule>> rules, String domain, String root) {
        this.rules = rules;
        this.domain = domain;
        this.root = root;
        for (ConfigObject<DestinationRule> rule : rules) {
            Local local = byNamespace.computeIfAbsent(rule.namespace(), _ -> new Local());
            if (rule.spec().workloadSelector() != null) {
                local.selective.add(rule);
            } else {
                local.byHost.computeIfAbsent(host(rule), _ -> new ArrayList<>()).add(rule);
            }
        }
        for (Local local : byNamespace.values()) {
            local.byHost.forEach((host, sources) -> {
                local.merged.put(host, HostPolicy.of(host, sources));
                report(sources, problems);
            });
        }
        placed = rules.stream().anyMatch(DestinationRules::asksForPlace);
        selective = byNamespace.values().stream().anyMatch(l -> !l.selective.isEmpty());
    }

    /** These rules again where the objects are the same, so that what depends on them alone need not be made anew. */
    DestinationRules with(List<ConfigObject<DestinationRule>> others, String otherDomain, String otherRoot) {
        boolean same = rules.equals(others) && domain.equals(otherDomain) && root.equals(otherRoot);
        return same ? this : new DestinationRules(others, otherDomain, otherRoot);
    }

    /** Rules that another one keeps from working. */
    List<Problem> problems() {
        return problems;
    }

    private String host(ConfigObject<DestinationRule> rule) {
        return Hosts.resolve(rule.spec().host(), rule.namespace(), domain);
    }

    private static void report(List<ConfigObject<DestinationRule>> sources, List<Problem> problems) {
        ConfigObject<DestinationRule> policy = null;
        Map<String, ConfigObject<DestinationRule>> subsets = new HashMap<>();
        for (ConfigObject<DestinationRule> source : sources) {
            if (source.spec().trafficPolicy() != null) {
                if (policy == null) {
                    policy = source;
                } else {
                    problems.add(shadowed(source, "spec.trafficPolicy", "", policy));
                }
            }
            for (int i = 0; i < source.spec().subsets().size(); i++) {
                Subset subset = source.spec().subsets().get(i);
                ConfigObject<DestinationRule> first = subsets.putIfAbsent(subset.name(), source);
                if (first != null) {
                    problems.add(
                            shadowed(source, "spec.subsets[" + i + "]", "subset \"" + subset.name() + "\": ", first));
                }
            }
        }
    }

    /** Reports TLS of rules for whole hosts that a BackendTLSPolicy sets. */
    void report(Map<BackendTls.Port, BackendTls> policies, List<Problem> found) {
        Map<String, BackendTls> byHost = new HashMap<>();
        policies.forEach((port, policy) -> byHost.putIfAbsent(port.host(), policy));
        for (ConfigObject<DestinationRule> rule : rules) {
            TrafficPolicy policy = rule.spec().trafficPolicy();
            BackendTls winner = policy == null || policy.tls() == null ? null : byHost.get(host(rule));
            if (winner != null) {
                found.add(Problem.shadowed(
                        rule.origin(),
                        "spec.trafficPolicy.tls",
                        "has no effect at ports for which there is a policy: " + winner.policy()
                                + " says how backends of the host are called; leave one of them out",
                        winner.policy()));
            }
        }
    }

    private static Problem shadowed(
            ConfigObject<DestinationRule> object, String path, String what, ConfigObject<DestinationRule> winner) {
        String message = what + "has no effect, as " + winner.objectName()
                + " says it for the same host and comes first ("
                + winner.origin().at()
                + "); write one DestinationRule per host";
        return Problem.shadowed(object.origin(), path, message, winner.objectName());
    }

    /** Whether any rule asks where its callers are. */
    boolean isPlaced() {
        return placed;
    }

    private static boolean asksForPlace(ConfigObject<DestinationRule> rule) {
        return places(rule.spec().trafficPolicy())
                || rule.spec().subsets().stream().anyMatch(s -> places(s.trafficPolicy()));
    }

    private static boolean places(@Nullable TrafficPolicy policy) {
        return policy != null
                && (Policies.asksForPlace(policy.loadBalancer(), policy.outlierDetection())
                        || policy.portLevelSettings().stream()
                                .anyMatch(p -> Policies.asksForPlace(p.loadBalancer(), p.outlierDetection())));
    }

    /** Whether any rule holds for some callers of its namespace only. */
    boolean isSelective() {
        return selective;
    }

    @Nullable
    HostPolicy find(String host, String serviceNamespace, String caller, Map<String, String> labels) {
        Set<String> asked = new HashSet<>();
        if (!caller.equals(root)) {
            HostPolicy own = find(host, caller, caller, labels, asked);
            if (own != null) {
                return own;
            }
        }
        HostPolicy theirs = find(host, serviceNamespace, caller, labels, asked);
        return theirs != null ? theirs : find(host, root, caller, labels, asked);
    }

    private @Nullable HostPolicy find(
            String host, String namespace, String caller, Map<String, String> labels, Set<String> asked) {
        Local local = byNamespace.get(namespace);
        if (local == null || !asked.add(namespace)) {
            return null;
        }
        if (namespace.equals(caller)) {
            for (ConfigObject<DestinationRule> rule : local.selective) {
                DestinationRule.WorkloadSelector selector = rule.spec().workloadSelector();
                if (selector != null
                        && Hosts.covers(host(rule), host)
                        && labels.entrySet().containsAll(selector.matchLabels().entrySet())) {
                    return HostPolicy.of(host(rule), List.of(rule));
                }
            }
        }
        return mostSpecific(local, host, caller);
    }

    private static @Nullable HostPolicy mostSpecific(Local local, String host, String caller) {
        HostPolicy exact = local.merged.get(host);
        if (exact != null && isVisible(exact, caller)) {
            return exact;
        }
        HostPolicy best = null;
        for (HostPolicy policy : local.merged.values()) {
            if (policy.host().startsWith("*")
                    && Hosts.covers(policy.host(), host)
                    && isVisible(policy, caller)
                    && (best == null || policy.host().length() > best.host().length())) {
                best = policy;
            }
        }
        return best;
    }

    private static boolean isVisible(HostPolicy policy, String caller) {
        return policy.sources().stream()
                .anyMatch(s -> Visibility.sees(caller, s.spec().exportTo(), s.namespace()));
    }
}
