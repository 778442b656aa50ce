package dev.lateen.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Certificates that are revoked: what is read of them, and what the mesh is told. */
class RevocationListsTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");

    private final Authority root = Authority.selfSigned("root", NOW, RANDOM);
    private final Authority other = Authority.selfSigned("other", NOW, RANDOM);

    @Test
    void what_is_no_list_is_refused_by_name() {
        String good = list(root, NOW, NOW.plusSeconds(60));
        assertThat(RevocationLists.read("x", good + list(other, NOW, NOW.plusSeconds(60)))
                        .all())
                .hasSize(2);
        assertThat(RevocationLists.read("x", good).pem()).isEqualTo(good);
        refused("nonsense", "ca-crl.pem holds no list of revoked certificates");
        refused(Pem.of(root.certificate()), "ca-crl.pem holds something that is no list of revoked certificates");
        // Its first letter is no base64, or begins another element of ASN.1.
        refused(good.replaceFirst("\nM", "\n!"), "ca-crl.pem is not PEM");
        refused(good.replaceFirst("\nM", "\nN"), "ca-crl.pem is not PEM");
    }

    private static MeshAuthority authority(StubApi api) {
        return new MeshAuthority(
                api.client(),
                "istio-system",
                () -> "mesh.example",
                List::of,
                Clock.fixed(NOW, ZoneOffset.UTC),
                RANDOM,
                _ -> {});
    }

    private static void refused(String text, String reason) {
        assertThatThrownBy(() -> RevocationLists.read("ca-crl.pem", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }

    @ParameterizedTest(name = "{0} to {1} s: {2}")
    @CsvSource({
        "-60, 60, ''",
        "-60, 0,  'the list of \"O=root\" is not valid now but from 2026-06-01T11:59:00Z to 2026-06-01T12:00:00Z'",
        "60,  90, 'the list of \"O=root\" is not valid now but from 2026-06-01T12:01:00Z to 2026-06-01T12:01:30Z'",
    })
    void each_authority_needs_a_list_that_is_valid(int from, int to, String lack) {
        RevocationLists lists =
                RevocationLists.read("x", list(root, NOW.plusSeconds(from), NOW.plusSeconds(to), BigInteger.TWO));
        assertThat(lists.lack(root.roots(), NOW)).isEqualTo(lack);
        assertThat(lists.lack(other.roots(), NOW)).isEqualTo("no list is signed by \"O=other\"");
        assertThat(RevocationLists.NONE.lack(other.roots(), NOW)).isEmpty();
    }

    @Test
    void namespaces_are_told_what_peers_can_use() throws Exception {
        String good = list(root, NOW.minusSeconds(60), NOW.plusSeconds(3600), BigInteger.TWO);
        try (StubApi api = new StubApi()) {
            plugIn(api, root, good);
            try (MeshAuthority authority = authority(api)) {
                authority.look();
                Map<String, String> told = Map.of("root-cert.pem", Pem.of(root.certificate()), "ca-crl.pem", good);
                assertThat(authority.told()).isEqualTo(told);
                // What cannot be read takes nothing back.
                plugIn(api, root, "nonsense");
                authority.look();
                assertThat(authority.told()).isEqualTo(told);
                // Without a list of the authority that signs, peers would refuse everybody.
                plugIn(api, root, list(other, NOW.minusSeconds(60), NOW.plusSeconds(3600)));
                authority.look();
                assertThat(authority.told()).isEqualTo(Map.of("root-cert.pem", Pem.of(root.certificate())));
                plugIn(api, root, good);
                authority.look();
                assertThat(authority.told()).isEqualTo(told);
                plugIn(api, root, "");
                authority.look();
                assertThat(authority.told()).doesNotContainKey("ca-crl.pem");
            }
        }
    }

    @Test
    void while_a_root_follows_another_both_need_a_list() throws Exception {
        String both = list(root, NOW.minusSeconds(60), NOW.plusSeconds(3600))
                + list(other, NOW.minusSeconds(60), NOW.plusSeconds(3600));
        try (StubApi api = new StubApi()) {
            plugIn(api, root, both);
            try (MeshAuthority authority = authority(api)) {
                authority.look();
                plugIn(api, other, both);
                authority.look();
                assertThat(authority.told())
                        .containsEntry("ca-crl.pem", both)
                        .containsEntry("root-cert.pem", Pem.of(List.of(root.certificate(), other.certificate())));
                plugIn(api, other, list(other, NOW.minusSeconds(60), NOW.plusSeconds(3600)));
                authority.look();
                assertThat(authority.told()).doesNotContainKey("ca-crl.pem");
            }
        }
    }

    /** Puts an authority into Secret {@code cacerts}, with lists beside it. */
    static void plugIn(StubApi api, Authority authority, String lists) {
        Map<String, String> data = new TreeMap<>(AuthoritySecrets.data(authority));
        if (!lists.isEmpty()) {
            data.put("ca-crl.pem", AuthoritySecrets.base64(lists));
        }
        api.secrets.put(
                "cacerts",
                JsonMapper.shared()
                        .writeValueAsString(Map.of(
                                "apiVersion",
                                "v1",
                                "kind",
                                "Secret",
                                "metadata",
                                Map.of("name", "cacerts", "namespace", "istio-system"),
                                "data",
                                data)));
    }

    /** The list of an authority, in PEM. */
    static String list(Authority authority, Instant from, Instant to, BigInteger... serials) {
        try {
            X509v2CRLBuilder builder = new X509v2CRLBuilder(
                            X500Name.getInstance(authority
                                    .certificate()
                                    .getSubjectX500Principal()
                                    .getEncoded()),
                            Date.from(from))
                    .setNextUpdate(Date.from(to));
            for (BigInteger serial : serials) {
                builder.addCRLEntry(serial, Date.from(from), CRLReason.keyCompromise);
            }
            return Pem.of(new JcaX509CRLConverter()
                    .getCRL(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(authority.key()))));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
