package dev.lateen.mesh.gatewayapi;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.config.kubernetes.GatewaySpec.BackendIdentity;
import dev.lateen.config.kubernetes.ObjectReference;
import org.jspecify.annotations.Nullable;

/**
 * The certificate that a Gateway shows backends which it calls in TLS (gateway.networking.k8s.io Gateway,
 * {@code spec.tls.backend}).
 *
 * @param credential name of the Secret as proxies ask for it; empty for none
 * @param resolved whether the reference leads to a Secret that may be used; null when there is no reference
 */
record ClientCertificate(String credential, @Nullable Condition resolved) {
    private static final ClientCertificate NONE = new ClientCertificate("", null);

    static ClientCertificate of(ConfigObject<GatewaySpec> gateway, Surroundings around) {
        BackendIdentity backend =
                gateway.spec().tls() == null ? null : gateway.spec().tls().backend();
        ObjectReference reference = backend == null ? null : backend.clientCertificateRef();
        if (reference == null) {
            return NONE;
        }
        boolean secret = (reference.group() == null || reference.group().isEmpty())
                && (reference.kind() == null || reference.kind().equals("Secret"));
        if (!secret) {
            return unresolved("InvalidClientCertificateRef", "tls.backend: " + reference.name() + " is no Secret");
        }
        String namespace = reference.namespace() == null ? gateway.namespace() : reference.namespace();
        String kind = Kinds.KUBERNETES_GATEWAY.name();
        if (!around.mayRefer(kind, gateway.namespace(), "Secret", namespace, reference.name())) {
            return unresolved(
                    "RefNotPermitted",
                    "tls.backend: no ReferenceGrant of namespace " + namespace + " lets a " + kind + " of namespace "
                            + gateway.namespace() + " refer to Secret " + reference.name());
        }
        return new ClientCertificate(
                ListenerState.secret(namespace, reference.name()), Condition.yes("ResolvedRefs", "ResolvedRefs"));
    }

    private static ClientCertificate unresolved(String reason, String message) {
        return new ClientCertificate(
                "", Condition.no("ResolvedRefs", reason, message + "; backends are shown no certificate"));
    }
}
