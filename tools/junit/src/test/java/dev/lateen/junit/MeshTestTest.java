package dev.lateen.junit;

import static dev.lateen.junit.Mesh.GET;
import static dev.lateen.junit.Mesh.POST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.opentest4j.AssertionFailedError;

@MeshTest(files = "src/test/mesh")
class MeshTestTest {
    @Test
    void testers_getTheNewVersion(Mesh mesh) {
        mesh.request(GET, "http://reviews/")
                .from("client")
                .header("Cookie", "usertype=tester")
                .goesTo("reviews")
                .subset("v2")
                .endpoints(1);
    }

    @Test
    void others_getItInTenPercent(Mesh mesh) {
        mesh.request(POST, "http://reviews.default:80/things")
                .from("client")
                .goesTo("reviews")
                .share("v1", 90)
                .share("v2", 10)
                .port(80)
                .timeout(Duration.ofSeconds(3))
                .retries(2)
                .perTryTimeout(Duration.ofSeconds(1))
                .mirroredTo();
    }

    @Test
    void slowRequests_areDelayedRefusedRewrittenAndCopied(Mesh mesh) {
        mesh.request(GET, "http://reviews/slow/1")
                .goesTo("reviews.default.svc.cluster.local")
                .subset("v1")
                .delayed(50, Duration.ofSeconds(2))
                .aborted(12.5, 503)
                .path("/fast/1")
                .authority("inner.example")
                .header("X-From", "mesh")
                .mirroredTo("audit.default.svc.cluster.local");
    }

    @Test
    void whatAProxyDoesByItself(Mesh mesh) {
        mesh.request(GET, "http://reviews/old/1").isRedirected(302, "http://reviews/new");
        mesh.request(GET, "http://reviews/teapot").isAnswered(418, "teapot");
        mesh.request(GET, "http://reviews/broken").fails(503);
        mesh.request(GET, "http://reviews:9000/").passesTo("reviews");
        mesh.request(GET, "http://nobody.example/").passesToOutside();
    }

    @Test
    void requestsFromOutside_comeByTheGateway(Mesh mesh) {
        mesh.request(GET, "http://shop.example/")
                .fromOutside()
                .goesTo("reviews")
                .share("v1", 90);
        mesh.request(GET, "http://other.example/").fromOutside().fails(404);
        mesh.request(GET, "http://shop.example:81/").fromOutside().fails(0);
        mesh.request(GET, "http://shop.example/")
                .fromOutside(Map.of("istio", "other"), "istio-system")
                .fails(0);
    }

    @Test
    @MeshTest(namespace = "shop", manifests = """
                    apiVersion: v1
                    kind: Service
                    metadata: {name: orders}
                    spec: {clusterIP: 10.96.0.9, selector: {app: orders}, ports: [{name: http, port: 80}]}
                    """)
    void aTestMayHaveAMeshOfItsOwn(Mesh mesh) {
        mesh.request(GET, "http://orders/").goesTo("orders").endpoints(0);
        mesh.request(GET, "http://orders.shop/").from("web", "front").goesTo("orders.shop");
    }

    @ParameterizedTest
    @MethodSource
    void wrongClaims_failWithTheExplanation(Consumer<Mesh> claim, String message) {
        Mesh mesh = Mesh.inNamespace("default").with(Path.of("src/test/mesh"));
        assertThatThrownBy(() -> claim.accept(mesh))
                .isInstanceOf(AssertionFailedError.class)
                .hasMessageContaining(message)
                .hasMessageContaining("  - chosen ");
    }

    static Stream<Arguments> wrongClaims_failWithTheExplanation() {
        return Stream.of(
                wrong(mesh -> mesh.request(GET, "http://reviews/").goesTo("ratings"), "expected: goes to ratings"),
                wrong(
                        mesh -> mesh.request(GET, "http://reviews/")
                                .goesTo("reviews")
                                .subset("v1"),
                        "but it: subset [v1, v2]"),
                wrong(
                        mesh -> mesh.request(GET, "http://reviews/")
                                .goesTo("reviews")
                                .share("v2", 50),
                        "but it: percent to subset v2 10.0"),
                wrong(
                        mesh -> mesh.request(GET, "http://reviews/")
                                .goesTo("reviews")
                                .retries(3),
                        "rules.yaml:"),
                wrong(
                        mesh -> mesh.request(GET, "http://reviews/")
                                .goesTo("reviews")
                                .header("a", "b"),
                        "expected: headers a: b"),
                wrong(mesh -> mesh.request(GET, "http://reviews/").isAnswered(200), "expected: is answered 200"),
                wrong(mesh -> mesh.request(GET, "http://reviews/").isRedirected(301, "/"), "expected: is redirected"),
                wrong(mesh -> mesh.request(GET, "http://reviews/").passesTo("reviews"), "expected: passes as bytes"),
                wrong(mesh -> mesh.request(GET, "http://reviews/").fails(503), "expected: fails with 503"),
                wrong(mesh -> mesh.request(GET, "http://reviews/teapot").goesTo("reviews"), "I am a teapot"));
    }

    private static Arguments wrong(Consumer<Mesh> claim, String message) {
        return Arguments.of(claim, message);
    }

    @Test
    void manifestsWithErrors_failWithFileLineAndField() {
        Mesh mesh = Mesh.inNamespace("default");
        assertThatThrownBy(() -> mesh.with("""
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {name: x}
                        spec: {hosts: [x], http: [{rout: []}]}
                        """))
                .isInstanceOf(AssertionFailedError.class)
                .hasMessageContaining("manifest 1:4")
                .hasMessageContaining("rout");
        assertThatThrownBy(() -> mesh.with(Path.of("no/such/file")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("no/such/file");
    }

    @Test
    void explanations_areThereForThoseWhoWantThem(Mesh mesh) {
        assertThat(mesh.request(GET, "http://reviews/").explanation().objects())
                .contains("VirtualService default/reviews");
    }
}
