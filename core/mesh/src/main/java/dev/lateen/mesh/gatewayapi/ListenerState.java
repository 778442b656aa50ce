package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.kubernetes.GatewaySpec.AllowedRoutes;
import dev.lateen.config.kubernetes.GatewaySpec.From;
import dev.lateen.config.kubernetes.GatewaySpec.Listener;
import dev.lateen.config.kubernetes.GatewaySpec.RouteKind;
import dev.lateen.config.kubernetes.GatewaySpec.TlsMode;
import dev.lateen.config.kubernetes.ObjectReference;
import dev.lateen.config.networking.ServerTls;
import dev.lateen.mesh.rules.Hosts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One listener of a Gateway, its own or of a ListenerSet, while its routes are gathered. */
final class ListenerState {
    /** Begins the name of a Secret of any namespace that the control plane serves. */
    private static final String SECRET = "kubernetes-gateway://";

    final ConfigObject<GatewaySpec> gateway;
    final Listener listener;
    private final ConfigObject<?> owner;
    private final List<RouteKind> kinds = new ArrayList<>();
    private final Condition accepted;
    private final Condition certificate;
    private final CallerChecks callers;
    private final TlsOptions options;
    private Condition conflicted = Condition.no("Conflicted", "NoConflicts", "");
    private final Condition resolved;
    private int attached;

    /** @param owner the Gateway itself, or a ListenerSet */
    ListenerState(ConfigObject<GatewaySpec> gateway, ConfigObject<?> owner, Listener listener, Surroundings around) {
        this.gateway = gateway;
        this.owner = owner;
        this.listener = listener;
        List<Kind<?>> possible = kinds(listener);
        callers = CallerChecks.of(gateway, listener.port(), around);
        boolean https = listener.protocol().equals("HTTPS");
        options = TlsOptions.of(listener, https && callers.asksForCertificate());
        accepted = accepted(possible, https);
        AllowedRoutes allowed = listener.allowedRoutes();
        boolean unknown = false;
        if (allowed == null || allowed.kinds().isEmpty()) {
            possible.forEach(kind -> kinds.add(new RouteKind(kind.group(), kind.name())));
        } else {
            for (RouteKind wanted : allowed.kinds()) {
                String group = wanted.group() == null ? Kinds.HTTP_ROUTE.group() : wanted.group();
                boolean known = possible.stream()
                        .anyMatch(kind ->
                                kind.group().equals(group) && kind.name().equals(wanted.kind()));
                unknown |= !known;
                if (known) {
                    kinds.add(new RouteKind(group, wanted.kind()));
                }
            }
        }
        certificate = ends() ? certificate(around) : Condition.yes("ResolvedRefs", "ResolvedRefs");
        resolved = unknown
                ? Condition.no(
                        "ResolvedRefs",
                        "InvalidRouteKinds",
                        "a listener of " + listener.protocol() + " takes only "
                                + String.join(
                                        ", ", possible.stream().map(Kind::name).toList()))
                : certificate.status() && https ? callers.resolved() : certificate;
    }

    private Condition accepted(List<Kind<?>> possible, boolean https) {
        if (possible.isEmpty()) {
            return Condition.no("Accepted", "UnsupportedProtocol", unsupported(listener));
        }
        if (!options.flaw().isEmpty()) {
            return Condition.no("Accepted", "UnsupportedValue", options.flaw());
        }
        return https && callers.verifiesNobody()
                ? Condition.no(
                        "Accepted", "NoValidCACertificate", callers.resolved().message())
                : Condition.yes("Accepted", "Accepted");
    }

    /** Whether TLS ends at the listener, as it does where nothing says that it is passed on. */
    private boolean ends() {
        return accepted.status()
                && (listener.protocol().equals("HTTPS") || (listener.protocol().equals("TLS") && !isPassed(listener)));
    }

    private static boolean isPassed(Listener listener) {
        return listener.tls() != null && listener.tls().mode() == TlsMode.PASSTHROUGH;
    }

    private Condition certificate(Surroundings around) {
        if (options.own()) {
            return Condition.yes("ResolvedRefs", "ResolvedRefs");
        }
        List<ObjectReference> references =
                listener.tls() == null ? List.of() : listener.tls().certificateRefs();
        if (references.isEmpty()) {
            return Condition.no("ResolvedRefs", "InvalidCertificateRef", "tls.certificateRefs names no Secret");
        }
        for (ObjectReference each : references) {
            boolean secret = (each.group() == null || each.group().isEmpty())
                    && (each.kind() == null || each.kind().equals("Secret"));
            if (!secret) {
                return Condition.no("ResolvedRefs", "InvalidCertificateRef", each.name() + " is no Secret");
            }
            String namespace = namespace(each);
            String kind = owner.kind().name();
            if (!around.mayRefer(kind, owner.namespace(), "Secret", namespace, each.name())) {
                return Condition.no(
                        "ResolvedRefs",
                        "RefNotPermitted",
                        "no ReferenceGrant of namespace " + namespace + " lets a " + kind + " of namespace "
                                + owner.namespace() + " refer to Secret " + each.name());
            }
        }
        return Condition.yes("ResolvedRefs", "ResolvedRefs");
    }

    private String namespace(ObjectReference reference) {
        return reference.namespace() == null ? owner.namespace() : reference.namespace();
    }

    /** How TLS ends at the listener, null where it does not. */
    @Nullable
    ServerTls serverTls() {
        if (!ends() || listener.tls() == null) {
            return null;
        }
        List<String> secrets = listener.tls().certificateRefs().stream()
                .map(each -> secret(namespace(each), each.name()))
                .toList();
        return tls(options.own() ? List.of(ServerTls.OWN) : secrets, options);
    }

    /** How its callers are verified; null where they are not asked for certificates. */
    @Nullable
    CallerCheck callerCheck() {
        return listener.protocol().equals("HTTPS") ? callers.check() : null;
    }

    /** What names a Secret of any namespace as a credential. */
    static String secret(String namespace, String name) {
        return SECRET + namespace + "/" + name;
    }

    /** TLS that ends with these credentials. */
    static ServerTls tls(List<String> secrets) {
        return tls(secrets, TlsOptions.NONE);
    }

    private static ServerTls tls(List<String> secrets, TlsOptions options) {
        boolean one = secrets.size() == 1;
        return new ServerTls(
                false,
                options.mode(),
                "",
                "",
                "",
                "",
                one ? secrets.getFirst() : "",
                one ? List.of() : secrets,
                "",
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                ServerTls.TlsVersion.TLS_AUTO,
                ServerTls.TlsVersion.TLS_AUTO,
                options.cipherSuites(),
                null);
    }

    private static List<Kind<?>> kinds(Listener listener) {
        return switch (listener.protocol()) {
            case "HTTP" -> List.of(Kinds.HTTP_ROUTE, Kinds.GRPC_ROUTE);
            case "HTTPS" -> isPassed(listener) ? List.of() : List.of(Kinds.HTTP_ROUTE, Kinds.GRPC_ROUTE);
            case "TLS" -> isPassed(listener) ? List.of(Kinds.TLS_ROUTE) : List.of(Kinds.TLS_ROUTE, Kinds.TCP_ROUTE);
            case "TCP" -> List.of(Kinds.TCP_ROUTE);
            default -> List.of();
        };
    }

    private static String unsupported(Listener listener) {
        return switch (listener.protocol()) {
            case "HTTPS" -> "protocol HTTPS ends TLS: tls.mode Passthrough is of protocol TLS";
            default -> "protocol " + listener.protocol() + " is none of HTTP, HTTPS, TLS, TCP";
        };
    }

    /**
     * Closes this listener of a gateway when it cannot be told apart from another one, which comes before it. Of two in one
     * object neither comes first, and both are closed.
     */
    void meet(ListenerState other) {
        if (listener.port() != other.listener.port() || !accepted.status() || !other.accepted.status()) {
            return;
        }
        boolean sameProtocol = listener.protocol().equals(other.listener.protocol());
        if (!sameProtocol || hostname().equals(other.hostname())) {
            String reason = sameProtocol ? "HostnameConflict" : "ProtocolConflict";
            String what = sameProtocol ? "the same hostname" : "another protocol";
            conflicted = new Condition(
                    "Conflicted", true, reason, "listener " + other.listener.name() + " has " + what + " at its port");
            if (other.owner.equals(owner)) {
                other.conflicted = new Condition(
                        "Conflicted", true, reason, "listener " + listener.name() + " has " + what + " at its port");
            }
        }
    }

    boolean isUsable() {
        return accepted.status() && !conflicted.status() && certificate.status();
    }

    /** In lower case, {@code *} for every host. */
    String hostname() {
        return listener.hostname().isEmpty() ? "*" : listener.hostname().toLowerCase(Locale.ROOT);
    }

    boolean allows(String kind, String namespace, Surroundings around) {
        AllowedRoutes allowed = listener.allowedRoutes();
        return kinds.stream().anyMatch(k -> k.kind().equals(kind))
                && around.allows(
                        allowed == null ? null : allowed.namespaces(), From.SAME, owner.namespace(), namespace);
    }

    /** The hosts that the listener and a route have in common, the narrower of both; {@code *} when neither names one. */
    List<String> common(List<String> hostnames) {
        if (hostnames.isEmpty()) {
            return List.of(hostname());
        }
        List<String> common = new ArrayList<>();
        for (String each : hostnames) {
            String host = each.toLowerCase(Locale.ROOT);
            if (Hosts.covers(hostname(), host)) {
                common.add(host);
            } else if (Hosts.covers(host, hostname())) {
                common.add(hostname());
            }
        }
        return common;
    }

    void attach() {
        attached++;
    }

    /** Name of the Gateway that the listener becomes. */
    String derivedName() {
        boolean own = owner.kind().equals(gateway.kind());
        return gateway.name() + "~" + (own ? "" : owner.namespace() + "~" + owner.name() + "~") + listener.name();
    }

    RouteReport.OfListener report(boolean programmed) {
        boolean conflicts = conflicted.status();
        Condition taken = conflicts ? Condition.no("Accepted", conflicted.reason(), conflicted.message()) : accepted;
        Condition works = !isUsable()
                ? Condition.no(
                        "Programmed", conflicts ? conflicted.reason() : "Invalid", "the listener is not in force")
                : programmed
                        ? Condition.yes("Programmed", "Programmed")
                        : Condition.no("Programmed", "Pending", "the gateway is not there yet");
        return new RouteReport.OfListener(
                listener.name(), kinds, attached, List.of(taken, conflicted, resolved, works));
    }
}
