package dev.lateen.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;

/** What is read from Secrets, and what is refused there. */
class AuthoritySecretsTest {
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Authority root = Authority.selfSigned("root", NOW, RANDOM);
    private final KeyPair middleKey = Authority.newKey(RANDOM);
    private final X509Certificate middle = below(root, "middle", middleKey);
    private final Authority upper = new Authority(middle, middleKey.getPrivate(), List.of(), root.roots());
    private final KeyPair signerKey = Authority.newKey(RANDOM);
    private final X509Certificate signer = below(upper, "signer", signerKey);

    @Test
    void a_plugged_in_authority_sends_all_that_leads_to_its_root() {
        Authority read = AuthoritySecrets.read(secret(Map.of(
                "ca-cert.pem", Pem.of(signer),
                "ca-key.pem", Pem.of(signerKey.getPrivate()),
                "cert-chain.pem", Pem.of(List.of(signer, middle, root.certificate())),
                "root-cert.pem", Pem.of(root.certificate()))));

        List<X509Certificate> chain = read.sign(
                Authority.newKey(RANDOM).getPublic(),
                List.of(new GeneralName(GeneralName.dNSName, "a")),
                Duration.ofHours(1),
                NOW,
                RANDOM);
        assertThat(chain.subList(1, chain.size())).containsExactly(signer, middle, root.certificate());
    }

    @Test
    void a_certificate_never_outlives_what_signs_it() {
        Authority old = new Authority(signer, signerKey.getPrivate(), List.of(middle), root.roots());
        Instant end = signer.getNotAfter().toInstant();
        List<GeneralName> names = List.of(new GeneralName(GeneralName.dNSName, "a"));

        assertThat(old.sign(
                                Authority.newKey(RANDOM).getPublic(),
                                names,
                                Duration.ofHours(24),
                                end.minusSeconds(60),
                                RANDOM)
                        .getFirst()
                        .getNotAfter()
                        .toInstant())
                .isEqualTo(end);
        assertThatThrownBy(() -> old.sign(
                        Authority.newKey(RANDOM).getPublic(), names, Duration.ofHours(24), end.plusSeconds(1), RANDOM))
                .hasMessageContaining("expired at")
                .hasMessageContaining("replace Secret cacerts");
    }

    @Test
    void secrets_that_hold_no_authority_are_refused_by_key() {
        String key = Pem.of(signerKey.getPrivate());
        Map<String, String> good = Map.of(
                "ca-cert.pem", Pem.of(signer),
                "ca-key.pem", key,
                "cert-chain.pem", Pem.of(middle),
                "root-cert.pem", Pem.of(root.certificate()));
        refused(good, "ca-cert.pem", "", "has no key ca-cert.pem");
        refused(good, "ca-key.pem", "", "has no key ca-key.pem");
        refused(good, "ca-key.pem", Pem.of(middleKey.getPrivate()), "ca-key.pem is not the key of ca-cert.pem");
        refused(good, "ca-key.pem", "-----BEGIN NONSENSE-----", "ca-key.pem is not a private key in PEM");
        refused(good, "cert-chain.pem", "", "did not sign \"O=signer\"");
        refused(
                good,
                "root-cert.pem",
                Pem.of(Authority.selfSigned("root", NOW, RANDOM).certificate()),
                "did not sign \"O=middle\"");
        X509Certificate leaf = root.sign(
                        signerKey.getPublic(),
                        List.of(new GeneralName(GeneralName.dNSName, "a")),
                        Duration.ofHours(1),
                        NOW,
                        RANDOM)
                .getFirst();
        refused(good, "ca-cert.pem", Pem.of(leaf), "is not of an authority");
    }

    @Test
    void no_key_stands_in_what_is_logged() {
        assertThat(root.toString()).isEqualTo("authority \"O=root\" until 2036-05-29T12:00:00Z");
    }

    private static void refused(Map<String, String> good, String key, String value, String reason) {
        Map<String, String> data = new HashMap<>(good);
        data.put(key, value);
        assertThatThrownBy(() -> AuthoritySecrets.read(secret(data)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Secret istio-system/cacerts")
                .hasMessageContaining(reason);
    }

    private static Secret secret(Map<String, String> texts) {
        Map<String, String> data = new HashMap<>();
        texts.forEach((key, text) ->
                data.put(key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8))));
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace("istio-system")
                .withName("cacerts")
                .endMetadata()
                .withData(data)
                .build();
    }

    private static X509Certificate below(Authority issuer, String name, KeyPair pair) {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(new JcaX509v3CertificateBuilder(
                                    X500Name.getInstance(issuer.certificate()
                                            .getSubjectX500Principal()
                                            .getEncoded()),
                                    BigInteger.TWO,
                                    Date.from(NOW.minusSeconds(60)),
                                    Date.from(NOW.plus(Duration.ofDays(30))),
                                    new X500Name("O=" + name),
                                    pair.getPublic())
                            .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.key())));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
