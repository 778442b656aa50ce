package dev.lateen.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.telemetry.RequestLine;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ProxyRequestsTest {
    private static final Pod WEB = PretendedPods.running("d", "web-1", "web");
    private static final Pod API = PretendedPods.running("d", "api-1", "api");

    private final List<String> told = new ArrayList<>();

    private static RequestLine answered(int status) {
        return new RequestLine(Map.of("response_code", Integer.toString(status)));
    }

    private void ended(Pod pod, String why) {
        told.add(MeshPods.name(pod) + " " + why);
    }

    @Test
    void followsUntilThereWereEnoughOfThoseThatAreWanted() throws InterruptedException {
        CountDownLatch left = new CountDownLatch(1);
        ProxyRequests requests = new ProxyRequests((pod, sink) -> {
            sink.accept(answered(200));
            sink.accept(answered(500));
            sink.accept(answered(503));
            sink.accept(answered(504));
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                left.countDown();
                throw e;
            }
        });
        List<String> seen = new ArrayList<>();
        requests.follow(
                List.of(WEB),
                List.of(RequestLine.Match.parse("status=5*"), RequestLine.Match.parse("labels=app=web")),
                2,
                request -> seen.add(MeshPods.name(request.pod()) + " "
                        + request.line().field("response_code") + " "
                        + request.line().field("proxy_type")),
                this::ended);
        assertThat(seen).containsExactly("d/web-1 500 sidecar", "d/web-1 503 sidecar");
        assertThat(told).isEmpty();
        left.await(); // the proxy is no longer watched
    }

    @Test
    void followsUntilNoProxyIsLeft() throws InterruptedException {
        ProxyRequests requests = new ProxyRequests((pod, sink) -> {
            sink.accept(answered(200));
            if (pod.equals(API)) {
                throw new IOException("answered 404");
            }
        });
        List<Integer> seen = new ArrayList<>();
        requests.follow(List.of(WEB, API), List.of(), 0, _ -> seen.add(1), this::ended);
        assertThat(seen).hasSize(2);
        assertThat(told).containsExactlyInAnyOrder("d/web-1 ", "d/api-1 answered 404");
    }

    @Test
    void aProxyThatSaysWhatIsNoRequestIsLeft() throws InterruptedException {
        ProxyRequests requests = new ProxyRequests((_, sink) -> sink.accept(RequestLine.parse("<html>")));
        requests.follow(List.of(WEB), List.of(), 0, _ -> {}, this::ended);
        assertThat(told).containsExactly("d/web-1 not a line of a proxy's requests: <html>");
    }

    @Test
    void keepsThoseOfATimeButNotAnyNumber() throws InterruptedException {
        ProxyRequests requests = new ProxyRequests((pod, sink) -> {
            if (pod.equals(API)) {
                throw new IOException("answered 404");
            }
            for (int i = 0; i < 10_007; i++) {
                sink.accept(answered(200));
            }
        });
        assertThat(requests.within(Duration.ofMinutes(5), List.of(WEB, API), told::add))
                .hasSize(10_000);
        assertThat(told).containsExactly("no requests from d/api-1: answered 404");
    }

    @Test
    void waitsNoLongerThanTheTime() throws InterruptedException {
        ProxyRequests requests = new ProxyRequests((_, _) -> new CountDownLatch(1).await());
        assertThat(requests.within(Duration.ofMillis(1), List.of(WEB), told::add))
                .isEmpty();
        assertThat(told).isEmpty();
    }
}
