package dev.lateen.control.ca;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Remembers how far a rotation has come, in Secret {@code istio-ca-rotation}: what signs now, with its key, since {@code
 * cacerts} may hold the next one already; when that begins; and the roots that are still needed. So a control plane that
 * starts again, or another one beside it, goes on from there.
 */
final class RotationSecret {
    static final String NAME = "istio-ca-rotation";
    private static final String TYPE = "istio.io/ca-root";
    private static final String NEXT = "next-cert.pem";
    private static final String FROM = "next-from";
    private static final String KEPT = "kept-";

    private final KubernetesClient client;
    private final String namespace;

    RotationSecret(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    /**
     * A rotation as it was kept.
     *
     * @param stored by which it is replaced; null when nothing was kept
     */
    record Found(Rotation rotation, @Nullable Secret stored) {}

    /**
     * What was kept; null when nothing was.
     *
     * @param offered what {@code cacerts} holds now, which is the next authority if it is still that one
     * @throws IllegalArgumentException when the Secret does not hold what it should
     */
    @Nullable
    Found load(@Nullable Authority offered) {
        Secret secret = client.secrets().inNamespace(namespace).withName(NAME).get();
        if (secret == null) {
            return null;
        }
        String where = "Secret " + namespace + "/" + NAME;
        Authority signing = AuthoritySecrets.read(secret);
        Rotation.Next next = null;
        String following = AuthoritySecrets.value(secret, NEXT);
        if (offered != null
                && !following.isBlank()
                && Pem.certificates(where + " " + NEXT, following).getFirst().equals(offered.certificate())) {
            next = new Rotation.Next(offered, time(where + " " + FROM, AuthoritySecrets.value(secret, FROM)));
        }
        List<Rotation.Kept> kept = new ArrayList<>();
        for (int i = 0; secret.getData().containsKey(KEPT + i + ".pem"); i++) {
            X509Certificate root = Pem.certificates(where, AuthoritySecrets.value(secret, KEPT + i + ".pem"))
                    .getFirst();
            kept.add(new Rotation.Kept(root, time(where, AuthoritySecrets.value(secret, KEPT + i + "-until"))));
        }
        return new Found(new Rotation(signing, next, kept), secret);
    }

    private static Instant time(String where, String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(where + " holds no time: \"" + text + "\"", e);
        }
    }

    /**
     * Keeps a rotation.
     *
     * @param before what it follows; null when nothing was kept
     * @throws io.fabric8.kubernetes.client.KubernetesClientException when another control plane was faster
     */
    void save(Rotation rotation, @Nullable Secret before) {
        Map<String, String> data = new TreeMap<>(AuthoritySecrets.data(rotation.signing()));
        Rotation.Next next = rotation.next();
        if (next != null) {
            data.put(NEXT, AuthoritySecrets.base64(Pem.of(next.authority().certificate())));
            data.put(FROM, AuthoritySecrets.base64(next.from().toString()));
        }
        for (int i = 0; i < rotation.kept().size(); i++) {
            Rotation.Kept kept = rotation.kept().get(i);
            data.put(KEPT + i + ".pem", AuthoritySecrets.base64(Pem.of(kept.root())));
            data.put(KEPT + i + "-until", AuthoritySecrets.base64(kept.until().toString()));
        }
        Secret secret = new SecretBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(NAME)
                .endMetadata()
                .withType(TYPE)
                .withData(data)
                .build();
        if (before == null) {
            client.secrets().inNamespace(namespace).resource(secret).create();
        } else {
            secret.getMetadata().setResourceVersion(before.getMetadata().getResourceVersion());
            client.secrets().inNamespace(namespace).resource(secret).update();
        }
    }
}
