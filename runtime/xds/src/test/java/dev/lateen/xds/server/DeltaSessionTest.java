package dev.lateen.xds.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Status;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each line is a conversation, steps divided by {@code |}: {@code have …} sets the resources without telling,
 * {@code push …} sets and tells, {@code CDS +a -b held:c=1 ack:N nack:N} is a request. Expected are the responses to the
 * last step: type, changed names, removed names with a minus.
 */
class DeltaSessionTest {
    private final List<String> refused = new ArrayList<>();
    private final DeltaSession session = new DeltaSession((type, reason) -> refused.add(Resources.type(type)));
    private ResourceSet resources = ResourceSet.EMPTY;

    @ParameterizedTest(name = "{0} => {1}")
    @CsvSource(
            delimiter = '>',
            value = {
                // wildcard and names
                "have CDS a=1 b=1 | CDS > CDS a b",
                "have CDS a=1 b=1 | CDS +* > CDS a b",
                "have CDS a=1 b=1 | CDS +a > CDS a",
                "have CDS a=1 b=1 | CDS +* -* > ''",
                "have CDS a=1 b=1 | CDS +* -* | CDS +b > CDS b",
                "have EDS a=1 | EDS > ''",
                "have CDS | CDS > CDS",
                "have EDS a=1 | EDS +a +x > EDS a -x",
                "have EDS a=1 b=1 | EDS +a | EDS +b > EDS b",
                "have EDS a=1 b=1 | EDS +a +b | EDS -a | push EDS a=2 b=2 > EDS b",
                "have CDS a=1 b=1 | CDS | CDS -* | push CDS a=2 > ''",
                "have CDS a=1 b=1 | CDS +* +b | CDS -* | push CDS a=2 b=2 > CDS b",
                // asking again sends again
                "have EDS a=1 | EDS +a | EDS +a > EDS a",
                // only what changed is pushed
                "have CDS a=1 b=1 | CDS | push CDS a=1 b=2 > CDS b",
                "have CDS a=1 b=1 | CDS | push CDS a=1 b=1 > ''",
                "have CDS a=1 b=1 | CDS | push CDS b=1 c=1 > CDS c | CDS -a",
                "have EDS a=1 | EDS +a | push EDS > EDS -a",
                "have EDS a=1 | EDS +a | push EDS | push EDS > ''",
                "have EDS a=1 | EDS +a | push EDS | push EDS a=1 > EDS a",
                "have EDS | EDS +a > EDS -a",
                "have EDS | EDS +a | push EDS a=1 > EDS a",
                // reconnect with what is held
                "have CDS a=1 b=2 | CDS held:a=1 held:b=1 > CDS b",
                "have CDS a=1 | CDS held:a=1 held:gone=1 > CDS -gone",
                "have CDS a=1 | CDS held:a=1 > CDS",
                "have EDS a=1 b=1 | EDS +a +b held:a=1 > EDS b",
                "have EDS a=1 | EDS +a held:a=1 > ''",
                "have CDS a=1 | CDS ack:77 > CDS a",
                // answers
                "have CDS a=1 | CDS | CDS ack:1 > ''",
                "have CDS a=1 | CDS | CDS nack:1 > ''",
                "have CDS a=1 | CDS | CDS nack:1 | push CDS a=1 > ''",
                "have CDS a=1 | CDS | CDS nack:1 | push CDS a=2 > CDS a",
                "have CDS a=1 | CDS | CDS ack:99 > ''",
                "have EDS a=1 b=1 | EDS +a | EDS +b ack:99 > EDS b",
                // a changed cluster has its endpoints answered again
                "have CDS a=1 b=1; EDS a=1 b=1 | CDS | EDS +a +b | push CDS a=2 b=1; EDS a=1 b=1 > CDS a | EDS a",
                "have CDS a=1; EDS a=1 | EDS +a | CDS > CDS a | EDS a",
                // order, and removal after what named it
                "have CDS a=1; EDS a=1; LDS l=1; RDS r=1 | RDS +r | LDS | EDS +a | CDS"
                        + " | push CDS b=1; EDS a=2; LDS l=2; RDS r=2 > CDS b | EDS a | LDS l | RDS r | CDS -a",
                "have CDS a=1; EDS a=1; RDS r=1 | RDS +r | EDS +a | CDS | push CDS; EDS; RDS r=2 > RDS r | CDS -a | EDS -a",
                // lost endpoints first; an assignment that has nothing left is removed like a cluster
                "have CDS a=1; EDS a=[x,y]; RDS r=1 | RDS +r | EDS +a | CDS | push CDS a=1 b=1; EDS a=[x]; RDS r=2 > EDS a | CDS b | RDS r",
                "have CDS a=1; EDS a=[x,y]; RDS r=1 | RDS +r | EDS +a | CDS | push CDS a=1 b=1; EDS a=[y,z]; RDS r=2 > EDS a | CDS b | RDS r",
                "have CDS a=1; EDS a=[x]; RDS r=1 | RDS +r | EDS +a | CDS | push CDS a=1 b=1; EDS a=[x,y]; RDS r=2 > CDS b | EDS a | RDS r",
                "have CDS a=1; EDS a=[x] b=[x]; RDS r=1 | RDS +r | EDS +a +b | CDS | push CDS a=1; EDS a=[] b=[x,y]; RDS r=2 > EDS b | RDS r | EDS a",
                "have CDS a=1; EDS a=[x]; RDS r=1 | RDS +r | EDS +a | CDS | push CDS b=1; EDS a=[]; RDS r=2 > CDS b | RDS r | CDS -a | EDS a",
                "have CDS a=1; EDS a=[x]; RDS r=1 | RDS +r | EDS +a | CDS | push CDS a=2; EDS a=[]; RDS r=2 > CDS a | EDS a | RDS r",
                "have CDS a=1; EDS a=[x,y] | EDS +a | CDS | push CDS a=2; EDS a=[x] > EDS a | CDS a | EDS a",
                "have EDS a=[x,y] b=[x] | EDS +a +b | push EDS a=[x] b=[x,y] > EDS a | EDS b",
            })
    void conversation(String steps, String expected) {
        List<DeltaDiscoveryResponse> last = List.of();
        for (String step : steps.split("\\|")) {
            last = run(step.strip());
        }
        assertThat(String.join(" | ", last.stream().map(DeltaSessionTest::text).toList()))
                .isEqualTo(expected.strip());
    }

    @Test
    void a_refusal_is_told_once_keeps_the_last_ack_and_is_cleared_by_the_next_one() {
        run("have CDS a=1");
        run("CDS");
        run("CDS ack:1");
        run("push CDS a=2");
        run("CDS nack:2");
        run("CDS nack:2");
        assertThat(refused).containsExactly("CDS");
        TypeStatus status = session.types().getFirst();
        assertThat(status.acked()).isEqualTo("1");
        assertThat(status.sent()).isEqualTo("2");
        assertThat(status.rejection()).isEqualTo("bad");
        assertThat(status.synced()).isFalse();

        run("push CDS a=3");
        run("CDS ack:3");
        assertThat(session.types().getFirst().rejection()).isEmpty();
        assertThat(session.types().getFirst().synced()).isTrue();
    }

    @Test
    void a_push_of_which_one_part_was_refused_is_not_accepted() {
        run("have EDS a=[x,y] b=[x]");
        run("EDS +a +b");
        run("EDS ack:1");
        long before = session.types().getFirst().ackedGeneration();
        run("push EDS a=[x] b=[x,y]");
        run("EDS nack:2");
        run("EDS ack:3");
        TypeStatus status = session.types().getFirst();
        assertThat(status.rejection()).isEqualTo("bad");
        assertThat(status.synced()).isFalse();
        assertThat(status.ackedGeneration()).isEqualTo(before);
    }

    @Test
    void a_request_without_a_type_ends_the_stream() {
        assertThatThrownBy(() -> session.onRequest(DeltaDiscoveryRequest.getDefaultInstance(), resources))
                .hasMessageContaining("INVALID_ARGUMENT: type_url is missing");
    }

    private List<DeltaDiscoveryResponse> run(String step) {
        if (step.startsWith("have ")) {
            resources = Resources.set(step.substring(5));
            return List.of();
        }
        if (step.startsWith("push ")) {
            resources = Resources.set(step.substring(5));
            return session.onChange(resources);
        }
        String[] words = step.split(" ");
        DeltaDiscoveryRequest.Builder request =
                DeltaDiscoveryRequest.newBuilder().setTypeUrl(Resources.url(words[0]));
        Arrays.stream(words).skip(1).forEach(word -> {
            if (word.startsWith("+")) {
                request.addResourceNamesSubscribe(word.substring(1));
            } else if (word.startsWith("-")) {
                request.addResourceNamesUnsubscribe(word.substring(1));
            } else if (word.startsWith("held:")) {
                String[] pair = word.substring(5).split("=");
                request.putInitialResourceVersions(pair[0], Resources.version(words[0], pair[0], pair[1]));
            } else if (word.startsWith("nack:")) {
                request.setResponseNonce(word.substring(5));
                request.setErrorDetail(Status.newBuilder().setMessage("bad"));
            } else if (word.startsWith("ack:")) {
                request.setResponseNonce(word.substring(4));
            } else {
                throw new IllegalArgumentException(word);
            }
        });
        return session.onRequest(request.build(), resources);
    }

    private static String text(DeltaDiscoveryResponse response) {
        String changed = Resources.join(
                response.getResourcesList().stream().map(Resource::getName).toList());
        String removed = Resources.join(response.getRemovedResourcesList().stream()
                .map(name -> "-" + name)
                .toList());
        return (Resources.type(response.getTypeUrl()) + " " + changed + " " + removed)
                .strip()
                .replace("  ", " ");
    }
}
