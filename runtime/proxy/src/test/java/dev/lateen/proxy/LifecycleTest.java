package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A proxy whose control plane goes away, and one that is told to end. */
final class LifecycleTest {
    private static final String TO_APP = "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}";

    private final TestMesh mesh = new TestMesh();

    @AfterEach
    void stop() {
        mesh.close();
    }

    @Test
    void withoutItsControlPlane_itGoesOn_andTakesUpWhatComesLater() throws Exception {
        int first = mesh.backend(exchange -> reply(exchange, 200, "first"));
        int second = mesh.backend(exchange -> reply(exchange, 200, "second"));
        mesh.serve(TO_APP, cluster("app", "", first));
        assertThat(mesh.get("/").body()).isEqualTo("first");
        mesh.stopControlPlane();
        for (int i = 0; i < 20; i++) {
            assertThat(mesh.get("/").body()).isEqualTo("first");
        }
        assertThat(mesh.proxy().ready()).isTrue();
        mesh.restartControlPlane();
        mesh.serve(TO_APP, cluster("app", "", second));
        TestMesh.await("the new configuration is in force", () -> {
            try {
                return mesh.get("/").body().equals("second");
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void aHostThatIsGone_isLetGo() throws Exception {
        int first = mesh.backend(exchange -> reply(exchange, 200, "first"));
        int second = mesh.backend(exchange -> reply(exchange, 200, "second"));
        mesh.serve(TO_APP, cluster("app", "", first));
        assertThat(mesh.get("/").body()).isEqualTo("first");
        mesh.serve(TO_APP, cluster("app", "", second));
        TestMesh.await("the new configuration is in force", () -> {
            try {
                return mesh.get("/").body().equals("second");
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void beforeItHasItsConfiguration_connectionsWait() throws Exception {
        int app = mesh.backend(exchange -> reply(exchange, 200, "hello"));
        Listener.Builder edge = http("edge", "OUTBOUND", "", "").toBuilder();
        mesh.serve(edge.build(), TO_APP, cluster("app", "", app));
        int port = mesh.port();
        edge.getAddressBuilder().getSocketAddressBuilder().setPortValue(port);
        mesh.proxy().close();
        mesh.serve(edge.build(), TO_APP, cluster("app", "", app));
        mesh.stopControlPlane();
        mesh.hold(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        mesh.restartProxy();
        List<Socket> waiting = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.ISO_8859_1));
            waiting.add(socket);
        }
        assertThat(mesh.proxy().ready()).isFalse();
        mesh.restartControlPlane();
        for (Socket socket : waiting) {
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .startsWith("HTTP/1.1 200 ")
                    .endsWith("hello");
            socket.close();
        }
        assertThat(mesh.get("/").body()).isEqualTo("hello");
    }

    @Test
    void toldToEnd_itAnswersWhatIsUnderWay_andTellsItsCallers() throws Exception {
        AtomicInteger inFlight = new AtomicInteger();
        CountDownLatch callersGone = new CountDownLatch(8);
        int app = mesh.backend(exchange -> {
            inFlight.incrementAndGet();
            if (exchange.getRequestURI().getPath().equals("/slow")) {
                try {
                    callersGone.await(); // answered when all others have left, long after the end was announced
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            reply(exchange, 200, "done");
        });
        mesh.serve(http("edge", "UNSPECIFIED", "", ""), TO_APP, cluster("app", "", app));
        AtomicInteger failed = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            var slow = callers.submit(() -> mesh.get("/slow").body());
            for (int i = 0; i < 8; i++) {
                var _ = callers.submit(() -> {
                    while (!stop.get()) {
                        try {
                            answered.addAndGet(mesh.get("/").statusCode() == 200 ? 1 : 0);
                        } catch (java.net.ConnectException e) {
                            break; // it no longer accepts: by now nobody is sent there any more
                        } catch (Exception e) {
                            failed.incrementAndGet();
                        }
                    }
                    callersGone.countDown();
                });
            }
            TestMesh.await("requests are under way", () -> answered.get() > 50 && inFlight.get() > 0);
            // Callers leave while the end is announced, as they do when the endpoint is taken out of its service.
            var _ = callers.submit(() -> {
                int before = answered.get();
                TestMesh.await("it still takes requests", () -> answered.get() > before + 50);
                stop.set(true);
            });
            mesh.proxy().terminate();
            assertThat(slow.get()).isEqualTo("done");
        }
        assertThat(failed).hasValue(0);
    }
}
