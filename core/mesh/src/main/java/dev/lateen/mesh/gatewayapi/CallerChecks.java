package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.kubernetes.GatewaySpec.Frontend;
import dev.lateen.config.kubernetes.GatewaySpec.FrontendValidation;
import dev.lateen.config.kubernetes.GatewaySpec.PortTls;
import dev.lateen.config.kubernetes.GatewaySpec.ValidationMode;
import dev.lateen.config.kubernetes.ObjectReference;
import dev.lateen.mesh.security.TrustBundle;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Certificates that a Gateway asks its callers for (gateway.networking.k8s.io Gateway, {@code spec.tls.frontend}).
 *
 * @param check null when there is none: nobody asks, or nobody could be verified
 * @param resolved whether all references lead to roots; of several that do not, the first one's reason
 */
record CallerChecks(@Nullable CallerCheck check, Condition resolved) {
    private static final Condition ALL = Condition.yes("ResolvedRefs", "ResolvedRefs");
    private static final CallerChecks NONE = new CallerChecks(null, ALL);

    /** Of the listeners of HTTPS at a port. */
    static CallerChecks of(ConfigObject<GatewaySpec> gateway, int port, Surroundings around) {
        FrontendValidation validation = validation(gateway.spec(), port);
        if (validation == null) {
            return NONE;
        }
        StringBuilder roots = new StringBuilder();
        Condition resolved = ALL;
        for (ObjectReference reference : validation.caCertificateRefs()) {
            Condition each = resolve(gateway, reference, around);
            if (each.status()) {
                roots.append(Objects.requireNonNull(around.bundles().get(map(gateway, reference)))
                        .pem());
            } else {
                resolved = resolved.status() ? each : resolved;
            }
        }
        boolean anyone = validation.mode() == ValidationMode.AllowInsecureFallback;
        return new CallerChecks(roots.isEmpty() ? null : new CallerCheck(roots.toString(), anyone), resolved);
    }

    /** Whether callers are to be verified, be it that they can be or not. */
    boolean asksForCertificate() {
        return check != null || !resolved.status();
    }

    /** Whether callers were to be verified, and cannot be: then nobody may get in. */
    boolean verifiesNobody() {
        return check == null && !resolved.status();
    }

    private static Condition resolve(
            ConfigObject<GatewaySpec> gateway, ObjectReference reference, Surroundings around) {
        if (!isMap(reference)) {
            return Condition.no(
                    "ResolvedRefs",
                    "InvalidCACertificateKind",
                    "expected a ConfigMap, found " + reference.kind() + " " + reference.name());
        }
        ObjectName name = map(gateway, reference);
        String what = "ConfigMap " + name.namespace() + "/" + name.name();
        if (!around.mayRefer(
                Kinds.KUBERNETES_GATEWAY.name(), gateway.namespace(), "ConfigMap", name.namespace(), name.name())) {
            return Condition.no(
                    "ResolvedRefs",
                    "RefNotPermitted",
                    "no ReferenceGrant of namespace " + name.namespace() + " lets a Gateway of namespace "
                            + gateway.namespace() + " refer to " + what);
        }
        TrustBundle bundle = around.bundles().get(name);
        return bundle == null || !bundle.flaw().isEmpty()
                ? Condition.no(
                        "ResolvedRefs",
                        "InvalidCACertificateRef",
                        bundle == null ? "there is no " + what : what + " " + bundle.flaw())
                : ALL;
    }

    private static boolean isMap(ObjectReference reference) {
        return (reference.group() == null || reference.group().isEmpty()) && "ConfigMap".equals(reference.kind());
    }

    private static ObjectName map(ConfigObject<GatewaySpec> gateway, ObjectReference reference) {
        String namespace = reference.namespace() == null ? gateway.namespace() : reference.namespace();
        return new ObjectName("ConfigMap", namespace, reference.name());
    }

    private static @Nullable FrontendValidation validation(GatewaySpec spec, int port) {
        Frontend frontend = spec.tls() == null ? null : spec.tls().frontend();
        if (frontend == null) {
            return null;
        }
        return frontend.perPort().stream()
                .filter(each -> each.port() == port)
                .map(PortTls::tls)
                .findFirst()
                .orElse(frontend.otherwise())
                .validation();
    }

    /** ConfigMaps that a Gateway names. */
    static Set<ObjectName> bundles(ConfigObject<GatewaySpec> gateway) {
        return validations(gateway.spec())
                .flatMap(each -> each.caCertificateRefs().stream())
                .filter(CallerChecks::isMap)
                .map(reference -> map(gateway, reference))
                .collect(Collectors.toSet());
    }

    /** Whether somewhere anyone gets in, which is told of the Gateway. */
    static boolean letsAnyoneIn(GatewaySpec spec) {
        return validations(spec).anyMatch(each -> each.mode() == ValidationMode.AllowInsecureFallback);
    }

    private static Stream<FrontendValidation> validations(GatewaySpec spec) {
        Frontend frontend = spec.tls() == null ? null : spec.tls().frontend();
        List<PortTls> ports = frontend == null ? List.of() : frontend.perPort();
        return Stream.concat(
                        Stream.ofNullable(frontend).map(each -> each.otherwise().validation()),
                        ports.stream().map(each -> each.tls().validation()))
                .filter(Objects::nonNull);
    }
}
