package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectName;
import dev.lateen.config.security.AuthorizationPolicy;
import dev.lateen.config.security.AuthorizationPolicy.Action;
import dev.lateen.config.security.AuthorizationProvider;
import dev.lateen.config.security.TargetReference;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.translate.ExternalAuthorizers;
import java.util.List;
import java.util.Optional;

/** Services to ask that are not there, and Gateways. */
final class AuthorizationPolicyChecks {
    private AuthorizationPolicyChecks() {}

    static void run(ConfigObject<AuthorizationPolicy> object, Snapshot snapshot, Findings findings) {
        targets(object, object.spec().targetRefs(), snapshot, findings);
        AuthorizationPolicy.Provider named = object.spec().provider();
        if (object.spec().action() != Action.CUSTOM || named == null) {
            return;
        }
        List<AuthorizationProvider> all = snapshot.mesh().authorizers();
        Optional<AuthorizationProvider> provider =
                all.stream().filter(p -> p.name().equals(named.name())).findFirst();
        String consequence = "; requests that match are refused";
        if (provider.isEmpty()) {
            String known = all.isEmpty()
                    ? "they have none"
                    : "they have "
                            + String.join(
                                    ", ",
                                    all.stream()
                                            .map(AuthorizationProvider::name)
                                            .toList());
            findings.missing(
                    object,
                    "spec.provider.name",
                    "the mesh's settings have no extensionProviders named \"" + named.name() + "\" (" + known + ")"
                            + consequence);
        } else if (!ExternalAuthorizers.isThere(snapshot, provider.get())) {
            findings.missing(
                    object,
                    "spec.provider.name",
                    "service " + provider.get().service() + " with port "
                            + provider.get().port() + " of provider \"" + named.name() + "\" is not there"
                            + consequence);
        }
    }

    static void targets(ConfigObject<?> object, List<TargetReference> targets, Snapshot snapshot, Findings findings) {
        for (int i = 0; i < targets.size(); i++) {
            ObjectName gateway = new ObjectName(
                    Kinds.KUBERNETES_GATEWAY.key(),
                    object.namespace(),
                    targets.get(i).name());
            if (!snapshot.config().containsKey(gateway)) {
                findings.missing(
                        object,
                        "spec.targetRefs[" + i + "].name",
                        "no Gateway " + object.namespace() + "/" + gateway.name() + " of the Gateway API is there");
            }
        }
    }
}
