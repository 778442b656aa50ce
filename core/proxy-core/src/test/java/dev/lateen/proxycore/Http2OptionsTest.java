package dev.lateen.proxycore;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Http2OptionsTest {
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                        | 0 0 0
            max_concurrent_streams { value: 7 }                       | 7 0 0
            max_concurrent_streams { value: 4294967295 }              | 2147483647 0 0
            max_concurrent_streams { }                                | max_concurrent_streams: must be at least 1
            initial_stream_window_size { value: 65535 }               | 0 65535 0
            initial_stream_window_size { value: 1000 }                | initial_stream_window_size: must be at least 65535
            initial_connection_window_size { value: 1048576 }         | 0 0 1048576
            initial_connection_window_size { value: 1 }               | initial_connection_window_size: must be at least 65535
            allow_connect: true                                       | 0 0 0
            connection_keepalive { interval { seconds: 1 } }          | connection_keepalive: not supported: Http2ProtocolOptions.connection_keepalive
            max_outbound_frames { value: 3 }                          | max_outbound_frames: not supported: Http2ProtocolOptions.max_outbound_frames
            """)
    void eachOption_isHonouredOrRefusedByName(String options, String expected) throws Exception {
        Http2ProtocolOptions proto = TextFormat.parse(options, Http2ProtocolOptions.class);
        String found;
        try {
            Http2Options compiled = Http2Options.of(proto, Place.of("listener", "l"));
            found = compiled.maxStreams() + " " + compiled.streamWindow() + " " + compiled.connectionWindow();
        } catch (CompileException e) {
            found = String.valueOf(e.getMessage()).replace("listener \"l\" ", "");
        }
        assertThat(found).isEqualTo(expected);
    }
}
