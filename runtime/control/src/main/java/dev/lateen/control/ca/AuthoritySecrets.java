package dev.lateen.control.ca;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the authority's key is kept: Secret {@code cacerts}, which people put there, else {@code istio-ca-secret}, which
 * the first control plane makes; the names and keys are Istio's.
 */
final class AuthoritySecrets {
    static final String PLUGGED_IN = "cacerts";
    static final String SELF_SIGNED = "istio-ca-secret";
    private static final String TYPE = "istio.io/ca-root";
    private static final String CERTIFICATE = "ca-cert.pem";
    private static final String KEY = "ca-key.pem";
    private static final String CHAIN = "cert-chain.pem";
    private static final String ROOT = "root-cert.pem";
    private static final String REVOKED = "ca-crl.pem";
    private static final Logger log = LoggerFactory.getLogger(AuthoritySecrets.class);

    private final KubernetesClient client;
    private final String namespace;
    private final String organization;
    private final SecureRandom random;

    AuthoritySecrets(KubernetesClient client, String namespace, String organization, SecureRandom random) {
        this.client = client;
        this.namespace = namespace;
        this.organization = organization;
        this.random = random;
    }

    /**
     * The authority that is kept, or a new one, kept from now on.
     *
     * @throws IllegalArgumentException when a Secret does not hold an authority; names Secret and key
     * @throws KubernetesClientException when the API does not answer
     */
    Authority load(Instant now) {
        Secret plugged = get(PLUGGED_IN);
        if (plugged != null) {
            return read(plugged);
        }
        Secret own = get(SELF_SIGNED);
        return own != null ? read(own) : create(now);
    }

    /** The authority that is kept; null when there is none. Like {@link #load}, but makes none. */
    @Nullable
    Authority find() {
        Secret plugged = get(PLUGGED_IN);
        Secret kept = plugged != null ? plugged : get(SELF_SIGNED);
        return kept == null ? null : read(kept);
    }

    /**
     * The certificates that people have revoked beside the authority that they put there.
     *
     * @throws IllegalArgumentException when the Secret does not hold what it should; names Secret and key
     * @throws KubernetesClientException when the API does not answer
     */
    RevocationLists revoked() {
        Secret plugged = get(PLUGGED_IN);
        String text = plugged == null ? "" : value(plugged, REVOKED);
        return text.isBlank() ? RevocationLists.NONE : RevocationLists.read(whereRevoked(), text);
    }

    /** What to name in messages on them. */
    String whereRevoked() {
        return "Secret " + namespace + "/" + PLUGGED_IN + " " + REVOKED;
    }

    private @Nullable Secret get(String name) {
        return client.secrets().inNamespace(namespace).withName(name).get();
    }

    private Authority create(Instant now) {
        Authority fresh = Authority.selfSigned(organization, now, random);
        Secret secret = new SecretBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(SELF_SIGNED)
                .endMetadata()
                .withType(TYPE)
                .withData(Map.of(
                        CERTIFICATE, base64(Pem.of(fresh.certificate())),
                        KEY, base64(Pem.of(fresh.key()))))
                .build();
        try {
            client.secrets().inNamespace(namespace).resource(secret).create();
            log.info("Made a new root of the mesh, kept in Secret {}/{}", namespace, SELF_SIGNED);
            return fresh;
        } catch (KubernetesClientException e) {
            Secret theirs = e.getCode() == HttpURLConnection.HTTP_CONFLICT ? get(SELF_SIGNED) : null;
            if (theirs == null) {
                throw e;
            }
            // Another replica was faster: its root is the mesh's.
            return read(theirs);
        }
    }

    /** The authority that a Secret holds. */
    static Authority read(Secret secret) {
        String where = "Secret " + secret.getMetadata().getNamespace() + "/"
                + secret.getMetadata().getName();
        X509Certificate certificate = Pem.certificates(where + " " + CERTIFICATE, required(secret, where, CERTIFICATE))
                .getFirst();
        PrivateKey key = Pem.key(where + " " + KEY, required(secret, where, KEY));
        List<X509Certificate> roots = value(secret, ROOT).isBlank()
                ? List.of(certificate)
                : Pem.certificates(where + " " + ROOT, value(secret, ROOT));
        List<X509Certificate> intermediates = new ArrayList<>();
        if (!value(secret, CHAIN).isBlank()) {
            intermediates.addAll(Pem.certificates(where + " " + CHAIN, value(secret, CHAIN)));
            intermediates.remove(certificate);
            intermediates.removeAll(roots);
        }
        if (certificate.getBasicConstraints() < 0) {
            throw new IllegalArgumentException(
                    where + " " + CERTIFICATE + " is not of an authority: CA is false in it");
        }
        if (!belongTogether(certificate, key)) {
            throw new IllegalArgumentException(where + " " + KEY + " is not the key of " + CERTIFICATE);
        }
        checkChain(where, certificate, intermediates, roots);
        List<X509Certificate> ordered = new ArrayList<>(roots);
        X509Certificate top = intermediates.isEmpty() ? certificate : intermediates.getLast();
        // The root that the chain ends in goes first: it is the one that is sent along.
        ordered.sort(java.util.Comparator.comparing(root -> !isIssuedBy(top, root)));
        return new Authority(certificate, key, intermediates, ordered);
    }

    private static void checkChain(
            String where, X509Certificate certificate, List<X509Certificate> above, List<X509Certificate> roots) {
        X509Certificate below = certificate;
        for (X509Certificate issuer : above) {
            if (!isIssuedBy(below, issuer)) {
                throw new IllegalArgumentException(where + " " + CHAIN + ": \"" + issuer.getSubjectX500Principal()
                        + "\" did not sign \"" + below.getSubjectX500Principal() + "\"");
            }
            below = issuer;
        }
        X509Certificate top = below;
        if (roots.stream().noneMatch(root -> isIssuedBy(top, root))) {
            throw new IllegalArgumentException(
                    where + " " + ROOT + " did not sign \"" + top.getSubjectX500Principal() + "\"");
        }
    }

    private static boolean isIssuedBy(X509Certificate certificate, X509Certificate issuer) {
        if (!certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
            return false;
        }
        try {
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false; // of the same name, but not by its key
        }
    }

    private static boolean belongTogether(X509Certificate certificate, PrivateKey key) {
        byte[] sample = "sample".getBytes(StandardCharsets.UTF_8);
        try {
            Signature signature =
                    Signature.getInstance(key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA");
            signature.initSign(key);
            signature.update(sample);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(sample);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false; // keys of different kinds
        }
    }

    /** An authority in the form that {@link #read} reads. */
    static Map<String, String> data(Authority authority) {
        return Map.of(
                CERTIFICATE, base64(Pem.of(authority.certificate())),
                KEY, base64(Pem.of(authority.key())),
                CHAIN, base64(Pem.of(authority.intermediates())),
                ROOT, base64(Pem.of(authority.roots())));
    }

    private static String required(Secret secret, String where, String key) {
        String text = value(secret, key);
        if (text.isBlank()) {
            throw new IllegalArgumentException(where + " has no key " + key);
        }
        return text;
    }

    static String value(Secret secret, String key) {
        String encoded = secret.getData() == null ? null : secret.getData().get(key);
        return encoded == null ? "" : new String(Base64.getMimeDecoder().decode(encoded), StandardCharsets.UTF_8);
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
