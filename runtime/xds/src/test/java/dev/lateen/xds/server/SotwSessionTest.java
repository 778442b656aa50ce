package dev.lateen.xds.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.StringValue;
import com.google.rpc.Status;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As {@link DeltaSessionTest}; a request is {@code EDS a b ack:N}, an answer lists the contents sent. */
class SotwSessionTest {
    private static final String QUESTION = "istio.io/debug/syncz";

    private final List<String> refused = new ArrayList<>();
    private final SotwSession session =
            new SotwSession((type, reason) -> refused.add(Resources.type(type)), SotwSessionTest::answer);
    private ResourceSet resources = ResourceSet.EMPTY;

    @ParameterizedTest(name = "{0} => {1}")
    @CsvSource(
            delimiter = '>',
            value = {
                "have CDS a=A b=B | CDS > CDS A B",
                "have CDS a=A b=B | CDS * > CDS A B",
                "have EDS a=A b=B | EDS a > EDS A",
                "have EDS a=A | EDS > ''",
                "have CDS | CDS > CDS",
                "have CDS a=A | CDS | CDS ack:1 > ''",
                "have CDS a=A | CDS | CDS nack:1 > ''",
                "have CDS a=A | CDS | CDS nack:1 | push CDS a=A > ''",
                "have CDS a=A | CDS | CDS nack:1 | push CDS a=A2 > CDS A2",
                "have EDS a=A b=B | EDS a | EDS a b ack:0 > ''",
                "have EDS a=A b=B | EDS a | EDS a b ack:1 > EDS A B",
                "have EDS a=A b=B | EDS a b | EDS a ack:1 > ''",
                "have EDS a=A b=B | EDS a b | EDS a ack:1 | push EDS a=A b=B2 > ''",
                "have EDS a=A | EDS a ack:77 > EDS A",
                "have CDS a=A b=B | CDS | push CDS a=A > CDS A",
                "have EDS a=A b=B | EDS a | push EDS a=A b=B2 > ''",
                // warming: after clusters the endpoints again, after listeners the routes
                "have CDS a=A; EDS a=E | CDS | EDS a | push CDS a=A2; EDS a=E > CDS A2 | EDS E",
                "have LDS l=L; RDS r=R | LDS | RDS r | push LDS l=L2; RDS r=R > LDS L2 | RDS R",
                "have CDS a=A; EDS a=E | EDS a | CDS | EDS a ack:1 > EDS E",
                "have CDS a=A; EDS a=E | EDS a | CDS | EDS a ack:1 | EDS a ack:3 > ''",
                "have CDS a=A; EDS a=E | CDS | EDS a | EDS a nack:2 | push CDS a=A2; EDS a=E > CDS A2",
                // a push of endpoints or routes carries what changed, all of them after a refusal
                "have EDS a=A b=B | EDS a b | push EDS a=A2 b=B > EDS A2",
                "have EDS a=A b=B | EDS a b | EDS a b nack:1 | push EDS a=A2 b=B > EDS A2 B",
                "have LDS l=L m=M | LDS | push LDS l=L2 m=M > LDS L2 M",
                "have EDS a=A b=B | EDS a b | push EDS a=A > ''",
                // clusters that are gone stay until the routes that named them have been sent
                "have CDS a=A; RDS r=R | CDS | RDS r | push CDS b=B; RDS r=R2 > CDS A B | RDS R2 | CDS B",
                "have CDS a=A b=B; RDS r=R | CDS | RDS r | push CDS b=B; RDS r=R2 > RDS R2 | CDS B",
                "have CDS a=A b=B; EDS b=E | CDS | EDS b | push CDS b=B; EDS b=E > CDS B",
                "have CDS a=A b=B; EDS b=E | CDS | EDS b ack:1 | push CDS b=B; EDS b=E | EDS b ack:2 > ''",
                // lost endpoints first; an assignment that has nothing left goes last
                "have CDS a=A; EDS a=[x,y] b=B | CDS | EDS a b | push CDS a=A b=B; EDS a=[x] b=B > EDS a | CDS A B | EDS B a",
                "have EDS a=[x,y] b=[x]; RDS r=R | EDS a b | RDS r | push EDS a=[x] b=[x,y]; RDS r=R2 > EDS a | EDS b | RDS R2",
                "have EDS a=[x]; RDS r=R | EDS a | RDS r | push EDS a=[]; RDS r=R2 > RDS R2 | EDS a",
                "have EDS a=[x,y] b=B | EDS a b | EDS a b nack:1 | push EDS a=[x] b=B > EDS B a",
            })
    void conversation(String steps, String expected) {
        List<DiscoveryResponse> last = List.of();
        for (String step : steps.split("\\|")) {
            last = run(step.strip());
        }
        assertThat(String.join(" | ", last.stream().map(SotwSessionTest::text).toList()))
                .isEqualTo(expected.strip());
    }

    private static @Nullable DiscoveryResponse answer(String type, List<String> names) {
        return type.equals(QUESTION)
                ? DiscoveryResponse.newBuilder().setVersionInfo("told").build()
                : null;
    }

    @Test
    void a_refusal_of_an_earlier_part_of_a_push_counts() {
        run("have EDS a=[x,y] b=[x]");
        run("EDS a b");
        run("EDS a b ack:1");
        run("push EDS a=[x] b=[x,y]");
        run("EDS a b nack:2");
        run("EDS a b ack:3");
        assertThat(refused).containsExactly("EDS");
        TypeStatus status = session.types().getFirst();
        assertThat(status.rejection()).isEqualTo("bad");
        assertThat(status.synced()).isFalse();
    }

    @Test
    void a_question_is_answered_once_whatever_nonce_it_makes_up_and_is_no_subscription() {
        var asked = DiscoveryRequest.newBuilder().setTypeUrl(QUESTION).setResponseNonce("2026-11-26 12:00");
        DiscoveryResponse told =
                session.onRequest(asked.build(), ResourceSet.EMPTY).getFirst();
        assertThat(told.getTypeUrl()).isEqualTo(QUESTION);
        assertThat(told.getVersionInfo()).isEqualTo("told");
        var heard = DiscoveryRequest.newBuilder().setTypeUrl(QUESTION).setResponseNonce(told.getNonce());
        assertThat(session.onRequest(heard.build(), ResourceSet.EMPTY)).isEmpty();
        assertThat(session.onChange(ResourceSet.EMPTY)).isEmpty();
        assertThat(session.types()).isEmpty();
        assertThat(session.onRequest(asked.build(), ResourceSet.EMPTY)).hasSize(1);
    }

    private List<DiscoveryResponse> run(String step) {
        if (step.startsWith("have ")) {
            resources = Resources.set(step.substring(5));
            return List.of();
        }
        if (step.startsWith("push ")) {
            resources = Resources.set(step.substring(5));
            return session.onChange(resources);
        }
        String[] words = step.split(" ");
        DiscoveryRequest.Builder request = DiscoveryRequest.newBuilder().setTypeUrl(Resources.url(words[0]));
        Arrays.stream(words).skip(1).forEach(word -> {
            if (word.startsWith("nack:")) {
                request.setResponseNonce(word.substring(5));
                request.setErrorDetail(Status.newBuilder().setMessage("bad"));
            } else if (word.startsWith("ack:")) {
                request.setResponseNonce(word.substring(4));
            } else {
                request.addResourceNames(word);
            }
        });
        return session.onRequest(request.build(), resources);
    }

    private static String text(DiscoveryResponse response) {
        return (Resources.type(response.getTypeUrl()) + " "
                        + Resources.join(response.getResourcesList().stream()
                                .map(SotwSessionTest::content)
                                .toList()))
                .strip();
    }

    private static String content(Any body) {
        try {
            return StringValue.parseFrom(body.getValue()).getValue();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
