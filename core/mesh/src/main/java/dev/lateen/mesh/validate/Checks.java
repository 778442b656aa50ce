package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.rules.Rules;
import dev.lateen.mesh.translate.Scope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs every check on every object. */
public final class Checks {
    private final Snapshot snapshot;
    private final Map<String, Scope> scopes = new HashMap<>();

    private Checks(Snapshot snapshot) {
        this.snapshot = snapshot;
    }

    /** Checks all objects of the snapshot. */
    public static void all(Snapshot snapshot, Findings findings) {
        Checks checks = new Checks(snapshot);
        checks.of(Kinds.VIRTUAL_SERVICE)
                .forEach(o -> new VirtualServiceChecks(o, checks.scope(o), snapshot, findings).run());
        checks.of(Kinds.DESTINATION_RULE)
                .forEach(o -> DestinationRuleChecks.run(o, checks.scope(o), snapshot, findings));
        GatewayChecks.run(checks.of(Kinds.GATEWAY), snapshot, findings);
        ServiceEntryChecks.run(checks.of(Kinds.SERVICE_ENTRY), snapshot, findings);
        checks.of(Kinds.REQUEST_AUTHENTICATION).forEach(o -> RequestAuthenticationChecks.run(o, snapshot, findings));
        checks.of(Kinds.AUTHORIZATION_POLICY).forEach(o -> AuthorizationPolicyChecks.run(o, snapshot, findings));
        findings.addAll(AmbientChecks.of(snapshot));
        findings.addAll(AnnotationChecks.of(snapshot));
        findings.addAll(InjectionChecks.of(snapshot));
        findings.addAll(ServiceChecks.of(snapshot));
        SelectorChecks.run(snapshot, findings);
        TelemetryChecks.run(checks.of(Kinds.TELEMETRY), snapshot, findings);
    }

    /** Checks one object of a kind that is checked by itself; it need not be in the snapshot. */
    public static void one(ConfigObject<?> object, Snapshot snapshot, Findings findings) {
        Checks checks = new Checks(snapshot);
        if (object.kind().equals(Kinds.VIRTUAL_SERVICE)) {
            new VirtualServiceChecks(object.as(Kinds.VIRTUAL_SERVICE), checks.scope(object), snapshot, findings).run();
        } else if (object.kind().equals(Kinds.DESTINATION_RULE)) {
            DestinationRuleChecks.run(object.as(Kinds.DESTINATION_RULE), checks.scope(object), snapshot, findings);
        }
    }

    private <S extends Record> List<ConfigObject<S>> of(Kind<S> kind) {
        return Rules.oldestFirst(snapshot.config().values(), kind);
    }

    /** What the object's own namespace sees. */
    private Scope scope(ConfigObject<?> object) {
        return scopes.computeIfAbsent(
                object.namespace(), n -> new Scope(snapshot, ProxyNode.Type.SIDECAR, n, Map.of()));
    }
}
