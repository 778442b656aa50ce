package dev.lateen.control.ca;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** An authority follows another, and nobody who is up to date within minutes ever fails to know a peer. */
class RotationTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    /** The certificates are real, so the clock must be near: TLS looks at them with its own. */
    private final Instant start = Instant.now();

    private final Authority oldRoot = Authority.selfSigned("old", start, RANDOM);
    private final Authority newRoot = Authority.selfSigned("new", start, RANDOM);
    private final Authority otherRoot = Authority.selfSigned("other", start, RANDOM);

    /** A workload's key and certificate. */
    private record Holder(KeyPair pair, List<X509Certificate> chain) {}

    @Test
    void both_roots_are_trusted_first_then_the_new_one_signs_and_the_old_one_goes_last() {
        Rotation before = Rotation.of(oldRoot).at(start, oldRoot);
        assertThat(before).isEqualTo(Rotation.of(oldRoot));

        Rotation told = before.at(start, newRoot);
        assertThat(told.signing()).isSameAs(oldRoot);
        assertThat(told.roots()).containsExactly(oldRoot.certificate(), newRoot.certificate());
        assertThat(told.at(start.plus(Rotation.TELLING).minusSeconds(1), newRoot))
                .isEqualTo(told);

        Instant begins = start.plus(Rotation.TELLING);
        Rotation signs = told.at(begins, newRoot);
        assertThat(signs.signing()).isSameAs(newRoot);
        assertThat(signs.roots()).containsExactly(newRoot.certificate(), oldRoot.certificate());
        assertThat(signs.at(begins.plus(Signing.LIFE).minusSeconds(1), newRoot).roots())
                .contains(oldRoot.certificate());
        assertThat(signs.at(begins.plus(Signing.LIFE), newRoot).roots()).containsExactly(newRoot.certificate());
    }

    @Test
    void at_every_moment_every_live_certificate_is_trusted_by_all_who_are_at_most_minutes_behind() throws Exception {
        Map<Instant, Rotation> history = new LinkedHashMap<>();
        Map<Instant, Authority> signers = new LinkedHashMap<>();
        Rotation rotation = Rotation.of(oldRoot);
        // Told at 10 minutes; signing at 15; replaced once more at 40, dropped by its owner at once.
        for (int minute = 0; minute <= 60; minute += 5) {
            Instant now = start.plus(Duration.ofMinutes(minute));
            Authority offered = minute < 10 ? oldRoot : minute < 40 ? newRoot : otherRoot;
            rotation = rotation.at(now, offered);
            history.put(now, rotation);
            signers.put(now, rotation.signing());
        }
        Map<Authority, Holder> holders = new LinkedHashMap<>();
        List.of(oldRoot, newRoot, otherRoot).forEach(authority -> holders.put(authority, holder(authority, start)));
        Set<List<Object>> shaken = new HashSet<>();
        for (Map.Entry<Instant, Rotation> at : history.entrySet()) {
            for (Map.Entry<Instant, Rotation> view : history.entrySet()) {
                Duration behind = Duration.between(view.getKey(), at.getKey());
                if (behind.isNegative() || behind.compareTo(Rotation.TELLING) > 0) {
                    continue;
                }
                // Certificates live for a day: all that were ever signed are in use.
                for (Authority client : signedUntil(at.getKey(), signers)) {
                    for (Authority server : signedUntil(view.getKey(), signers)) {
                        List<X509Certificate> ours = at.getValue().roots();
                        List<X509Certificate> theirs = view.getValue().roots();
                        if (shaken.add(List.of(client.certificate(), ours, server.certificate(), theirs))) {
                            handshake(
                                    Objects.requireNonNull(holders.get(client)),
                                    ours,
                                    Objects.requireNonNull(holders.get(server)),
                                    theirs);
                        }
                    }
                }
            }
        }
        assertThat(shaken).hasSizeGreaterThan(20);
        assertThat(rotation.roots()).contains(oldRoot.certificate(), newRoot.certificate(), otherRoot.certificate());
    }

    private static Set<Authority> signedUntil(Instant time, Map<Instant, Authority> signers) {
        Set<Authority> all = new LinkedHashSet<>();
        signers.forEach((at, authority) -> {
            if (!at.isAfter(time)) {
                all.add(authority);
            }
        });
        return all;
    }

    @Test
    void a_root_that_nobody_trusts_any_more_is_refused() throws Exception {
        Holder old = holder(oldRoot, start);
        Holder young = holder(newRoot, start);
        List<X509Certificate> both = List.of(oldRoot.certificate(), newRoot.certificate());
        handshake(old, both, young, both);
        org.assertj.core.api.Assertions.assertThatThrownBy(
                        () -> handshake(old, both, young, List.of(newRoot.certificate())))
                .isInstanceOf(SSLException.class);
        org.assertj.core.api.Assertions.assertThatThrownBy(
                        () -> handshake(old, List.of(oldRoot.certificate()), young, both))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void what_is_taken_back_or_replaced_again_begins_anew() {
        Rotation told = Rotation.of(oldRoot).at(start, newRoot);
        assertThat(told.at(start.plusSeconds(60), oldRoot)).isEqualTo(Rotation.of(oldRoot));
        Rotation again = told.at(start.plusSeconds(60), otherRoot);
        assertThat(again.next())
                .isEqualTo(new Rotation.Next(otherRoot, start.plusSeconds(60).plus(Rotation.TELLING)));
        assertThat(again.roots()).containsExactly(oldRoot.certificate(), otherRoot.certificate());
    }

    @Test
    void a_second_root_in_the_secret_is_trusted_at_once_and_kept_when_it_is_taken_out() {
        Authority both = new Authority(
                oldRoot.certificate(), oldRoot.key(), List.of(), List.of(oldRoot.certificate(), newRoot.certificate()));
        Rotation told = Rotation.of(oldRoot).at(start, both);
        assertThat(told.next()).isNull();
        assertThat(told.roots()).containsExactly(oldRoot.certificate(), newRoot.certificate());
        Rotation out = told.at(start.plusSeconds(60), oldRoot);
        assertThat(out.kept())
                .containsExactly(new Rotation.Kept(
                        newRoot.certificate(), start.plusSeconds(60).plus(Signing.LIFE)));
    }

    @Test
    void control_planes_that_start_again_go_on_where_the_last_one_was() throws Exception {
        Instant[] now = {start};
        Clock clock = new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneId.of("UTC");
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now[0];
            }
        };
        try (StubApi api = new StubApi()) {
            put(api, oldRoot);
            try (MeshAuthority first = start(api, clock)) {
                assertThat(first.rootCertificates()).isEqualTo(Pem.of(oldRoot.certificate()));
            }
            // Replaced while none was there to see it.
            put(api, newRoot);
            try (MeshAuthority second = start(api, clock)) {
                assertThat(second.rootCertificates())
                        .isEqualTo(Pem.of(List.of(oldRoot.certificate(), newRoot.certificate())));
            }
            now[0] = start.plus(Rotation.TELLING);
            try (MeshAuthority third = start(api, clock)) {
                assertThat(third.rootCertificates())
                        .isEqualTo(Pem.of(List.of(newRoot.certificate(), oldRoot.certificate())));
            }
            now[0] = start.plus(Rotation.TELLING).plus(Signing.LIFE);
            try (MeshAuthority fourth = start(api, clock)) {
                assertThat(fourth.rootCertificates()).isEqualTo(Pem.of(newRoot.certificate()));
            }
            // A Secret that holds no authority changes nothing.
            api.secrets.put("cacerts", secret(Map.of("ca-cert.pem", "nonsense")));
            try (MeshAuthority fifth = start(api, clock)) {
                assertThat(fifth.rootCertificates()).isEqualTo(Pem.of(newRoot.certificate()));
            }
        }
    }

    private static MeshAuthority start(StubApi api, Clock clock) {
        MeshAuthority authority =
                new MeshAuthority(api.client(), "istio-system", () -> "mesh.example", List::of, clock, RANDOM, _ -> {});
        authority.look();
        return authority;
    }

    static void put(StubApi api, Authority authority) {
        Map<String, String> data = AuthoritySecrets.data(authority);
        api.secrets.put("cacerts", json(data));
    }

    private static String secret(Map<String, String> texts) {
        Map<String, String> data = new LinkedHashMap<>();
        texts.forEach((key, text) ->
                data.put(key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8))));
        return json(data);
    }

    private static String json(Map<String, String> data) {
        return JsonMapper.shared()
                .writeValueAsString(Map.of(
                        "apiVersion",
                        "v1",
                        "kind",
                        "Secret",
                        "metadata",
                        Map.of("name", "cacerts", "namespace", "istio-system"),
                        "data",
                        data));
    }

    private static Holder holder(Authority authority, Instant now) {
        KeyPair pair = Authority.newKey(RANDOM);
        return new Holder(
                pair,
                authority.sign(
                        pair.getPublic(),
                        List.of(new GeneralName(
                                GeneralName.uniformResourceIdentifier, "spiffe://mesh.example/ns/shop/sa/web")),
                        Signing.LIFE,
                        // Real TLS does not take what begins in the future.
                        now.isAfter(Instant.now()) ? Instant.now() : now,
                        RANDOM));
    }

    private static void handshake(
            Holder client, List<X509Certificate> clientTrusts, Holder server, List<X509Certificate> serverTrusts)
            throws GeneralSecurityException, java.io.IOException {
        SSLEngine one = engine(client, clientTrusts, true);
        SSLEngine other = engine(server, serverTrusts, false);
        ByteBuffer toServer = ByteBuffer.allocate(1 << 16);
        ByteBuffer toClient = ByteBuffer.allocate(1 << 16);
        ByteBuffer nothing = ByteBuffer.allocate(1 << 16);
        for (int i = 0;
                i < 100 && !(isDone(one) && isDone(other) && toServer.position() == 0 && toClient.position() == 0);
                i++) {
            step(one, toServer, toClient, nothing);
            step(other, toClient, toServer, nothing);
        }
        assertThat(isDone(one) && isDone(other)).isTrue();
        // The server's verdict on the client's certificate comes after the client's part in TLS 1.3 is over.
        assertThat(one.getSession().getPeerCertificates()).isNotEmpty();
        assertThat(other.getSession().getPeerCertificates()).isNotEmpty();
    }

    static boolean isDone(SSLEngine engine) {
        return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING
                && !engine.getSession().getCipherSuite().equals("SSL_NULL_WITH_NULL_NULL");
    }

    static void step(SSLEngine engine, ByteBuffer out, ByteBuffer in, ByteBuffer app) throws SSLException {
        if (engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING && !isDone(engine)) {
            engine.beginHandshake();
        }
        Runnable task;
        while ((task = engine.getDelegatedTask()) != null) {
            task.run();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            engine.wrap(ByteBuffer.allocate(0), out);
        }
        in.flip();
        while (in.hasRemaining() && engine.getHandshakeStatus() != HandshakeStatus.NEED_WRAP) {
            int before = in.remaining();
            engine.unwrap(in, app.clear());
            while ((task = engine.getDelegatedTask()) != null) {
                task.run();
            }
            if (in.remaining() == before && engine.getHandshakeStatus() != HandshakeStatus.NEED_UNWRAP_AGAIN) {
                break;
            }
        }
        in.compact();
    }

    private static SSLEngine engine(Holder holder, List<X509Certificate> trusted, boolean client)
            throws GeneralSecurityException, java.io.IOException {
        char[] none = new char[0];
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, none);
        List<X509Certificate> shown =
                new ArrayList<>(holder.chain().subList(0, holder.chain().size() - 1));
        keys.setKeyEntry("own", holder.pair().getPrivate(), none, shown.toArray(Certificate[]::new));
        KeyManagerFactory manager = KeyManagerFactory.getInstance("PKIX");
        manager.init(keys, none);
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, none);
        for (int i = 0; i < trusted.size(); i++) {
            roots.setCertificateEntry("root-" + i, trusted.get(i));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(roots);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(manager.getKeyManagers(), trust.getTrustManagers(), RANDOM);
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(client);
        if (!client) {
            engine.setNeedClientAuth(true);
        }
        return engine;
    }
}
