package dev.lateen.proxycore.retry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryDepthTest {
    private final RetryDepth depth = new RetryDepth(true);

    private static RequestHead request(String id) {
        RequestHead head = RequestHead.of("GET", "x", "/");
        return id.equals("-") ? head : head.with("x-request-id", id);
    }

    /** A status, and behind it {@code g} with a status of gRPC, or {@code o} for x-envoy-overloaded. */
    private static ResponseHead answer(String text) {
        ResponseHead head = new ResponseHead(Integer.parseInt(text.substring(0, 3)));
        String rest = text.substring(3);
        if (rest.startsWith("g")) {
            head.with("grpc-status", rest.substring(1));
        } else if (rest.equals("o")) {
            head.with("x-envoy-overloaded", "true");
        }
        return head;
    }

    private boolean marked(RetryDepth.Served served, String answer) {
        ResponseHead head = answer(answer);
        depth.answer(served, head);
        return "true".equals(head.fields().get(FieldName.X_ENVOY_OVERLOADED));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        # serves | calls with | and gets | after tries | no room | so answers | which is marked
        r        | r          | 503      | 3           | false   | 503        | true
        r        | r          | 503      | 2           | false   | 500        | true
        r        | r          | 503      | 1           | false   | 503        | false
        r        | r          | 503      | 1           | true    | 503        | true
        r        | r          | 503o     | 1           | false   | 503        | true
        r        | r          | 504      | 2           | false   | 504        | true
        r        | r          | 429      | 2           | false   | 429        | true
        r        | r          | 200g14   | 2           | false   | 200g14     | true
        r        | r          | 200g0    | 2           | false   | 503        | false
        r        | r          | 200      | 2           | false   | 503        | false
        r        | r          | 503      | 3           | false   | 200        | false
        r        | r          | 503      | 3           | false   | 200g0      | false
        r        | s          | 503      | 3           | false   | 503        | false
        r        | -          | 503      | 3           | false   | 503        | false
        -        | -          | 503      | 3           | false   | 503        | false
        """)
    void oneLayerRetries(
            String serves, String calls, String gets, int tries, boolean noRoom, String answers, boolean expected) {
        RetryDepth.Served served = depth.begin(request(serves));
        depth.called(request(calls), answer(gets), tries, noRoom);
        assertThat(marked(served, answers)).isEqualTo(expected);
        depth.end(served);
        assertThat(depth.size()).isZero();
    }

    @Test
    void offMarksNothingAndKeepsNothing() {
        RetryDepth off = new RetryDepth(false);
        RetryDepth.Served served = off.begin(request("r"));
        off.called(request("r"), answer("503"), 3, true);
        ResponseHead head = answer("503");
        off.answer(served, head);
        assertThat(head.fields().contains(FieldName.X_ENVOY_OVERLOADED)).isFalse();
        assertThat(off.size()).isZero();
        off.end(served);
    }

    @Test
    void requestsOfOneIdFailByTheSameCalls_andAreForgottenWithTheLast() {
        RetryDepth.Served first = depth.begin(request("r"));
        RetryDepth.Served second = depth.begin(request("r"));
        depth.called(request("r"), answer("503"), 3, false);
        assertThat(marked(first, "503")).isTrue();
        depth.end(first);
        assertThat(marked(second, "503")).isTrue();
        depth.end(second);
        assertThat(depth.size()).isZero();
        RetryDepth.Served next = depth.begin(request("r"));
        assertThat(marked(next, "503")).as("a try that came later").isFalse();
        depth.end(next);
    }
}
