package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.BackendTlsPolicySpec;
import dev.lateen.config.kubernetes.BackendTlsPolicySpec.CertificateReference;
import dev.lateen.config.kubernetes.BackendTlsPolicySpec.Target;
import dev.lateen.config.kubernetes.BackendTlsPolicySpec.Validation;
import dev.lateen.config.kubernetes.ParentReference;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import dev.lateen.mesh.security.TrustBundle;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which BackendTLSPolicy holds for which port (gateway.networking.k8s.io BackendTLSPolicy): one that names the port before
 * one for the whole Service, of several with the same target the oldest.
 */
final class BackendPolicies {
    /** A status has room for no more. */
    private static final int MOST_ANCESTORS = 16;

    /**
     * What a policy is for.
     *
     * @param port its name; null for all ports that are not named
     */
    private record Claim(MeshService service, @Nullable String port) {}

    /** Roots of a policy, or why there are none. */
    private record Roots(Condition resolved, BackendTls meaning) {
        boolean any() {
            return meaning instanceof BackendTls.Verified;
        }
    }

    private final Surroundings around;
    private final Map<String, Set<ObjectName>> gateways;
    private final Map<Claim, BackendTls> claims = new LinkedHashMap<>();
    private final Map<ObjectName, RouteReport> reports = new HashMap<>();
    private final Set<ObjectName> bundles = new HashSet<>();

    /**
     * @param policies the oldest first
     * @param gateways those whose routes lead to a Service, by its host
     */
    BackendPolicies(
            Surroundings around,
            Collection<ConfigObject<BackendTlsPolicySpec>> policies,
            Map<String, Set<ObjectName>> gateways) {
        this.around = around;
        this.gateways = gateways;
        policies.forEach(this::add);
    }

    Map<ObjectName, RouteReport> reports() {
        return reports;
    }

    /** ConfigMaps that policies name. */
    Set<ObjectName> bundles() {
        return Set.copyOf(bundles);
    }

    Map<BackendTls.Port, BackendTls> ports() {
        Map<BackendTls.Port, BackendTls> ports = new HashMap<>();
        claims.forEach((claim, meaning) -> {
            for (MeshPort port : claim.service().ports()) {
                boolean named = port.name().equals(claim.port());
                boolean left = claim.port() == null && !claims.containsKey(new Claim(claim.service(), port.name()));
                if (named || left) {
                    ports.put(new BackendTls.Port(claim.service().host(), port.number()), meaning);
                }
            }
        });
        return Map.copyOf(ports);
    }

    private void add(ConfigObject<BackendTlsPolicySpec> policy) {
        Roots roots = roots(policy);
        List<RouteReport.OfParent> ancestors = new ArrayList<>();
        Map<ObjectName, Condition> above = new TreeMap<>(
                java.util.Comparator.comparing(ObjectName::namespace).thenComparing(ObjectName::name));
        for (Target target : policy.spec().targetRefs()) {
            Condition accepted = accept(policy, target, roots);
            ancestors.add(new RouteReport.OfParent(
                    new ParentReference(target.group(), target.kind(), null, target.name(), target.port(), null),
                    List.of(accepted, roots.resolved())));
            gateways.getOrDefault(around.host(target.name(), policy.namespace()), Set.of())
                    .forEach(gateway -> above.merge(gateway, accepted, (known, next) -> known.status() ? known : next));
        }
        above.forEach((gateway, accepted) -> ancestors.add(new RouteReport.OfParent(
                new ParentReference(
                        Kinds.KUBERNETES_GATEWAY.group(),
                        Kinds.KUBERNETES_GATEWAY.name(),
                        gateway.namespace(),
                        gateway.name(),
                        null,
                        null),
                List.of(accepted, roots.resolved()))));
        reports.put(
                policy.objectName(),
                new RouteReport.OfPolicy(
                        List.copyOf(ancestors.subList(0, Math.min(ancestors.size(), MOST_ANCESTORS)))));
    }

    private Condition accept(ConfigObject<BackendTlsPolicySpec> policy, Target target, Roots roots) {
        if (!target.isService()) {
            return Condition.no("Accepted", "Invalid", "target " + target.name() + " is no Service");
        }
        String what = "Service " + policy.namespace() + "/" + target.name();
        MeshService service = around.service(target.name(), policy.namespace());
        if (service == null) {
            return Condition.no("Accepted", "TargetNotFound", "there is no " + what);
        }
        String port = target.port();
        if (port != null && service.ports().stream().noneMatch(p -> p.name().equals(port))) {
            return Condition.no("Accepted", "TargetNotFound", what + " has no port that is called " + port);
        }
        BackendTls winner = claims.putIfAbsent(new Claim(service, port), roots.meaning());
        if (winner != null) {
            return Condition.no(
                    "Accepted",
                    "Conflicted",
                    winner.policy().kind() + " " + winner.policy().name() + " is for the same target and older");
        }
        return roots.any()
                ? Condition.yes("Accepted", "Accepted")
                : Condition.no(
                        "Accepted",
                        "NoValidCACertificate",
                        roots.resolved().message() + "; calls fail, as no backend can be verified");
    }

    private Roots roots(ConfigObject<BackendTlsPolicySpec> policy) {
        Validation validation = policy.spec().validation();
        Condition resolved = Condition.yes("ResolvedRefs", "ResolvedRefs");
        if (validation.wellKnownCACertificates() != null) {
            return new Roots(resolved, verified(policy, null));
        }
        StringBuilder pem = new StringBuilder();
        for (CertificateReference reference : validation.caCertificateRefs()) {
            if (!reference.isConfigMap()) {
                resolved = Condition.no(
                        "ResolvedRefs",
                        "InvalidKind",
                        "expected a ConfigMap, found " + reference.kind() + " " + reference.name() + " of group \""
                                + reference.group() + "\"");
                continue;
            }
            ObjectName name = new ObjectName("ConfigMap", policy.namespace(), reference.name());
            bundles.add(name);
            TrustBundle bundle = around.bundles().get(name);
            if (bundle == null || !bundle.flaw().isEmpty()) {
                String map = "ConfigMap " + name.namespace() + "/" + name.name();
                resolved = Condition.no(
                        "ResolvedRefs",
                        "InvalidCACertificateRef",
                        bundle == null ? "there is no " + map : map + " " + bundle.flaw());
            } else {
                pem.append(bundle.pem());
            }
        }
        return new Roots(
                resolved,
                pem.isEmpty() ? new BackendTls.Unverifiable(policy.objectName()) : verified(policy, pem.toString()));
    }

    private static BackendTls verified(ConfigObject<BackendTlsPolicySpec> policy, @Nullable String roots) {
        Validation validation = policy.spec().validation();
        return new BackendTls.Verified(policy.objectName(), validation.hostname(), validation.subjectAltNames(), roots);
    }
}
