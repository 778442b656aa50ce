package dev.lateen.proxycore.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.compression.gzip.compressor.v3.Gzip;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.Compressor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which answers are compressed: Envoy documentation, compressor filter, "How it works". */
class CompressionTest {
    private static Compression compression(String text) throws CompileException {
        Compressor proto = TextProto.parse(text, Compressor.newBuilder())
                .setCompressorLibrary(
                        TypedExtensionConfig.newBuilder().setTypedConfig(Any.pack(Gzip.getDefaultInstance())))
                .build();
        return Compression.of(proto, Place.of("listener", "l"));
    }

    @ParameterizedTest(name = "accept-encoding: {0}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        none               | false
        gzip               | true
        GZIP               | true
        deflate, gzip      | true
        gzip;q=0           | false
        gzip; q=0.1        | true
        gzip;q=0, *        | false
        *                  | true
        *;q=0              | false
        br                 | false
        identity           | false
        gzip;q=x           | false
        """)
    void what_the_client_takes(@Nullable String accepted, boolean wanted) throws Exception {
        RequestHead request = RequestHead.of("GET", "a", "/");
        if (accepted != null) {
            request.with("accept-encoding", accepted);
        }
        assertThat(compression("").wanted(request)).isEqualTo(wanted);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        none | content-type: text/html; content-length: 30                            | true
        none | content-type: text/html; content-length: 29                            | false
        none | content-type: text/html                                                | true
        none | content-type: TEXT/HTML                                                | true
        none | content-type: image/png; content-length: 1000                          | false
        none | content-length: 1000                                                   | true
        none | content-type: text/html; content-encoding: br                          | false
        none | content-type: text/html; cache-control: private, no-transform          | false
        none | content-type: text/html; etag: "a"                                     | true
        response_direction_config { disable_on_etag_header: true } | content-type: text/html; etag: "a" | false
        response_direction_config { common_config { min_content_length { value: 100 } } } | content-length: 99 | false
        response_direction_config { common_config { content_type: "image/png" } } | content-type: image/png | true
        response_direction_config { common_config { content_type: "image/png" } } | content-type: text/html | false
        """)
    void which_answers(@Nullable String config, String fields, boolean compressed) throws Exception {
        ResponseHead response = new ResponseHead(200);
        for (String field : fields.split(";")) {
            response.with(field.split(":")[0].trim(), field.split(":")[1].trim());
        }
        assertThat(compression(config == null ? "" : config).begin(response)).isEqualTo(compressed);
        assertThat(String.valueOf(response).contains("content-encoding: gzip")).isEqualTo(compressed);
    }

    @Test
    void the_head_says_so() throws Exception {
        ResponseHead response = new ResponseHead(200)
                .with("content-length", "1000")
                .with("etag", "\"strong\"")
                .with("vary", "Origin");
        assertThat(compression("").begin(response)).isTrue();
        assertThat(String.valueOf(response))
                .contains("vary: Origin, Accept-Encoding")
                .doesNotContain("etag", "length");
    }

    @ParameterizedTest
    @CsvSource({"206", "101"})
    void parts_and_tunnels_stay(int status) throws Exception {
        assertThat(compression("").begin(new ResponseHead(status))).isFalse();
    }

    @Test
    void the_app_need_not_see_what_the_client_takes() throws Exception {
        RequestHead request = RequestHead.of("GET", "a", "/").with("accept-encoding", "gzip");
        assertThat(compression("response_direction_config { remove_accept_encoding_header: true }")
                        .wanted(request))
                .isTrue();
        assertThat(request.fields().isEmpty()).isTrue();
    }

    @Test
    void other_libraries_are_refused() {
        assertThatThrownBy(() -> Compression.of(Compressor.getDefaultInstance(), Place.of("listener", "l")))
                .hasMessageContaining("compressor_library: only gzip is supported");
    }
}
