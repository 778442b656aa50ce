package dev.lateen.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lateen.xds.ca.CertificateRequest;
import dev.lateen.xds.server.Authenticator;
import dev.lateen.xds.server.PeerIdentity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What one caller can have the authority do, and the cluster's API for it. */
class CallLimitsTest {
    private static final Instant START = Instant.parse("2026-11-27T08:00:00Z");
    private static final String NEAR = "10.0.0.1";
    private static final String FAR = "10.0.0.2";

    private final List<String> exceeded = new ArrayList<>();
    private Instant now = START;
    private StubApi api;
    private KubernetesClient client;
    private TokenAuthenticator authenticator;

    @SuppressWarnings("NullAway.Init") // set before each test
    CallLimitsTest() {}

    @BeforeEach
    void start() throws IOException {
        api = new StubApi();
        api.tokens.put("web's", new StubApi.Review("system:serviceaccount:shop:web", "istio-ca"));
        client = api.client();
        authenticator = new TokenAuthenticator(client, "mesh.example"::equals, () -> now, exceeded::add);
    }

    @AfterEach
    void stop() {
        client.close();
        api.close();
    }

    private PeerIdentity of(String token, String address) {
        return authenticator.authenticate(new Authenticator.Credentials(token, List.of(), address));
    }

    /** Whether the token is good. */
    private boolean isGood(String token, String address) {
        try {
            assertThat(of(token, address)).isEqualTo(new PeerIdentity("", "shop", "web"));
            return true;
        } catch (SecurityException e) {
            assertThat(e).hasMessage("the token is refused");
            return false;
        }
    }

    @ParameterizedTest(name = "{0} token again after {1} s: {2} reviews")
    @CsvSource({
        "web's,    29, 1",
        "web's,    30, 2",
        "nobody's,  9, 1",
        "nobody's, 10, 2",
    })
    void aTokenIsReviewedAgainAfterAWhile(String token, long seconds, int reviews) {
        boolean good = token.equals("web's");
        assertThat(isGood(token, NEAR)).isEqualTo(good);
        now = START.plusSeconds(seconds);
        assertThat(isGood(token, FAR)).isEqualTo(good);
        assertThat(api.reviewed).hasSize(reviews);
    }

    @Test
    void oneAddressCanShowSoManyUnknownTokensAndOthersGoOn() {
        for (int i = 0; i < TokenAuthenticator.AT_ONCE; i++) {
            assertThat(isGood("guess" + i, NEAR)).isFalse();
        }
        assertThat(exceeded).isEmpty();
        assertTooOften(() -> of("one more", NEAR), "from 10.0.0.1 came too many tokens");
        assertTooOften(() -> of("web's", NEAR), "from 10.0.0.1 came too many tokens");
        assertThat(exceeded).containsExactly("tokens", "tokens");
        assertThat(api.reviewed).hasSize(TokenAuthenticator.AT_ONCE);
        assertThat(isGood("web's", FAR)).isTrue();
        assertThat(isGood("web's", NEAR)).as("it is known now").isTrue();
        now = START.plusMillis(20);
        assertThat(isGood("one more", NEAR)).isFalse();
    }

    @Test
    void anAnswerThatFailsIsNotRemembered() {
        api.failing = true;
        assertThatThrownBy(() -> of("web's", NEAR)).isNotInstanceOf(SecurityException.class);
        api.failing = false;
        assertThat(isGood("web's", NEAR)).isTrue();
    }

    @Test
    void oneIdentityCanAskForSoManyCertificatesAndOthersGoOn() {
        SecureRandom random = new SecureRandom();
        Authority root = Authority.selfSigned("mesh.example", START, random);
        Clock clock = Clock.fixed(START, ZoneOffset.UTC);
        Signing signing = new Signing(() -> root, () -> "mesh.example", clock, random, exceeded::add);
        CertificateRequest request = new CertificateRequest("nothing", Duration.ZERO);
        PeerIdentity web = new PeerIdentity("", "shop", "web");
        for (int i = 0; i < Signing.AT_ONCE; i++) {
            assertThatThrownBy(() -> signing.create(request, web)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(exceeded).isEmpty();
        assertTooOften(() -> signing.create(request, web), "service account shop/web has asked for too many");
        assertThat(exceeded).containsExactly("certificate_requests");
        assertThatThrownBy(() -> signing.create(request, new PeerIdentity("", "shop", "other")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertTooOften(Runnable call, String reason) {
        StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call::run);
        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(refusal.getStatus().getDescription()).contains(reason);
    }
}
