package dev.lateen.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.head.Fields;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Examples of openzipkin/b3-propagation and of W3C Trace Context, section 3.2.3. */
final class TraceContextTest {
    private static final String ID = "80f198ee56343ba864fe8b2a57d3eff7";

    private static Fields fields(String text) {
        Fields fields = new Fields();
        for (String field : text.split("&", -1)) {
            int colon = field.indexOf(':');
            fields.add(
                    field.substring(0, colon).strip(),
                    field.substring(colon + 1).strip());
        }
        return fields;
    }

    private static String told(@Nullable TraceContext context) {
        return context == null
                ? "nothing"
                : Long.toHexString(context.high()) + " " + Long.toHexString(context.low()) + " "
                        + Long.toHexString(context.span()) + " " + context.sampled();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90 | 80f198ee56343ba8 64fe8b2a57d3eff7 e457b5a2e4d86bd1 true
            b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1 | 80f198ee56343ba8 64fe8b2a57d3eff7 e457b5a2e4d86bd1 null
            b3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1-d | 0 64fe8b2a57d3eff7 e457b5a2e4d86bd1 true
            b3: 0 | 0 0 0 false
            b3: 1-2-3-4-5 | nothing
            b3: zzf198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1 | nothing
            x-b3-traceid: 80f198ee56343ba864fe8b2a57d3eff7 & x-b3-spanid: e457b5a2e4d86bd1 & x-b3-sampled: 1 | 80f198ee56343ba8 64fe8b2a57d3eff7 e457b5a2e4d86bd1 true
            x-b3-traceid: 64fe8b2a57d3eff7 & x-b3-spanid: e457b5a2e4d86bd1 & x-b3-flags: 1 | 0 64fe8b2a57d3eff7 e457b5a2e4d86bd1 true
            x-b3-sampled: 0 | 0 0 0 false
            x-b3-traceid: 64fe8b2a57d3eff7 | nothing
            traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 | 4bf92f3577b34da6 a3ce929d0e0e4736 f067aa0ba902b7 true
            traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00 | 4bf92f3577b34da6 a3ce929d0e0e4736 f067aa0ba902b7 false
            traceparent: cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more | 4bf92f3577b34da6 a3ce929d0e0e4736 f067aa0ba902b7 true
            traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more | nothing
            traceparent: ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 | nothing
            traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01 | nothing
            traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01 | nothing
            traceparent: 0000000000000000000000000000000000000000000000000000000 | nothing
            """)
    void reads(String sent, String context) {
        assertThat(told(TraceContext.read(fields(sent)))).isEqualTo(context);
    }

    @Test
    void writesBothForms_inPlaceOfWhatWasThere() {
        Fields fields = fields("b3: 0 & x-b3-flags: 1 & x-b3-parentspanid: 05e3ac9a4f6e3b90 & x: y");
        new TraceContext(0x80f198ee56343ba8L, 0x64fe8b2a57d3eff7L, 0xe457b5a2e4d86bd1L, true).write(fields, 5);
        assertThat(fields.toString().strip().lines().sorted())
                .containsExactly(
                        "traceparent: 00-" + ID + "-e457b5a2e4d86bd1-01",
                        "x-b3-parentspanid: 0000000000000005",
                        "x-b3-sampled: 1",
                        "x-b3-spanid: e457b5a2e4d86bd1",
                        "x-b3-traceid: " + ID,
                        "x: y");
    }

    @Property
    void anyTextIsReadOrNothing(@ForAll String text) {
        for (String name : new String[] {"b3", "traceparent", "x-b3-traceid"}) {
            Fields fields = new Fields();
            fields.add(name, text);
            fields.add("x-b3-spanid", "e457b5a2e4d86bd1");
            TraceContext context = TraceContext.read(fields);
            assertThat(context == null || context.span() != 0 || context.sampled() != null)
                    .isTrue();
        }
    }
}
