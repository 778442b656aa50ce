package dev.lateen.proxy.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Http1ServerTest {
    private static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    /** In the tables {@code |} stands for CRLF, {@code ~} for one space, {@code \n}, {@code \r}, {@code \t}, {@code \0} as in Java. */
    static String bytes(String shown) {
        return shown.replace("|", "\r\n")
                .replace("~", " ")
                .replace("\\n", "\n")
                .replace("\\r", "\r")
                .replace("\\t", "\t")
                .replace("\\0", "\0")
                .replace("\\x7f", "\u007f")
                .replace("\\xe9", "\u00e9");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', quoteCharacter = '"', maxCharsPerColumn = 100_000, textBlock = """
            no version; GET / |Host: a||
            HTTP/0.9; GET /||
            HTTP/2.0; GET / HTTP/2.0|Host: a||
            HTTP/1.2; GET / HTTP/1.2|Host: a||
            HTTP/1.10; GET / HTTP/1.10|Host: a||
            lower-case version; GET / http/1.1|Host: a||
            byte after version; GET / HTTP/1.1~|Host: a||
            two spaces before target; GET  / HTTP/1.1|Host: a||
            two spaces before version; GET /  HTTP/1.1|Host: a||
            tab before target; GET\\t/ HTTP/1.1|Host: a||
            space in target; GET /a b HTTP/1.1|Host: a||
            control byte in target; GET /\\0 HTTP/1.1|Host: a||
            high byte in target; GET /\\xe9 HTTP/1.1|Host: a||
            fragment in target; GET /a#b HTTP/1.1|Host: a||
            no method; " / HTTP/1.1|Host: a||"
            bad byte in method; G(T / HTTP/1.1|Host: a||
            relative target; GET a HTTP/1.1|Host: a||
            asterisk of GET; GET * HTTP/1.1|Host: a||
            foreign scheme; GET ftp://a/ HTTP/1.1|Host: a||
            absolute without host; GET http:///x HTTP/1.1|Host: a||
            user in absolute target; GET http://u@a/ HTTP/1.1|Host: a||
            CONNECT with a path; CONNECT /x HTTP/1.1|Host: a||
            no Host; GET / HTTP/1.1||
            two Hosts; GET / HTTP/1.1|Host: a|Host: b||
            two equal Hosts; GET / HTTP/1.1|Host: a|Host: a||
            space in Host; GET / HTTP/1.1|Host: a b||
            user in Host; GET / HTTP/1.1|Host: u@a||
            path in Host; GET / HTTP/1.1|Host: a/b||
            letters as port; GET / HTTP/1.1|Host: a:b||
            open bracket in Host; GET / HTTP/1.1|Host: [::1||
            bare LF after request line; GET / HTTP/1.1\\nHost: a||
            bare LF after field; GET / HTTP/1.1|Host: a\\n|
            bare LF everywhere; GET / HTTP/1.1\\nHost: a\\n\\n
            bare CR in request line; GET /\\r HTTP/1.1|Host: a||
            bare CR in value; GET / HTTP/1.1|Host: a|X: b\\rc||
            bare CR as line end; GET / HTTP/1.1|Host: a\\rX: b||
            CR CR LF; GET / HTTP/1.1|Host: a\\r||
            folded line; GET / HTTP/1.1|Host: a|X: b|~c||
            folded by tab; GET / HTTP/1.1|Host: a|X: b|\\tc||
            space before first field; GET / HTTP/1.1|~Host: a||
            space before colon; GET / HTTP/1.1|Host : a||
            tab before colon; GET / HTTP/1.1|Host\\t: a||
            no colon; GET / HTTP/1.1|Host: a|X||
            empty name; GET / HTTP/1.1|Host: a|: b||
            bad byte in name; GET / HTTP/1.1|Host: a|X(: b||
            high byte in name; GET / HTTP/1.1|Host: a|X\\xe9: b||
            NUL in name; GET / HTTP/1.1|Host: a|X\\0: b||
            NUL in value; GET / HTTP/1.1|Host: a|X: \\0||
            DEL in value; GET / HTTP/1.1|Host: a|X: \\x7f||
            two lengths; POST / HTTP/1.1|Host: a|Content-Length: 1|Content-Length: 2||ab
            two equal lengths; POST / HTTP/1.1|Host: a|Content-Length: 1|Content-Length: 1||a
            list of lengths; POST / HTTP/1.1|Host: a|Content-Length: 1, 1||a
            plus in length; POST / HTTP/1.1|Host: a|Content-Length: +1||a
            minus in length; POST / HTTP/1.1|Host: a|Content-Length: -1||a
            hexadecimal length; POST / HTTP/1.1|Host: a|Content-Length: 0x1||a
            space in length; POST / HTTP/1.1|Host: a|Content-Length: 1 1||a
            empty length; POST / HTTP/1.1|Host: a|Content-Length:||
            endless length; POST / HTTP/1.1|Host: a|Content-Length: 9999999999999999999||a
            length and chunked; POST / HTTP/1.1|Host: a|Content-Length: 5|Transfer-Encoding: chunked||0||
            chunked and length; POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Content-Length: 5||0||
            chunked twice; POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked, chunked||0||
            two encodings; POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked|Transfer-Encoding: chunked||0||
            identity after chunked; POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked, identity||0||
            identity alone; POST / HTTP/1.1|Host: a|Transfer-Encoding: identity||
            unknown encoding; POST / HTTP/1.1|Host: a|Transfer-Encoding: xchunked||0||
            encoding with parameter; "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked;q=1||0||"
            vertical tab in encoding; POST / HTTP/1.1|Host: a|Transfer-Encoding: \\x0bchunked||0||
            encoding in HTTP/1.0; POST / HTTP/1.0|Host: a|Transfer-Encoding: chunked||0||
            empty encoding; POST / HTTP/1.1|Host: a|Transfer-Encoding:||
            two upgrades; GET / HTTP/1.1|Host: a|Upgrade: a|Upgrade: b||
            TLS hello; \\x16\\x03\\x01
            two empty lines first; ||GET / HTTP/1.1|Host: a||
            """)
    void aRequestThatCouldBeReadTwoWays_isRefused_andEndsTheConnection(String name, String request) {
        String raw = bytes(request.replace("\\x0b", "\u000b").replace("\\x16\\x03\\x01", "\u0016\u0003\u0001"));
        ServerProbe probe = new ServerProbe().send(raw);

        assertThat(probe.events).containsExactly("malformed 400");
        assertThat(probe.written()).startsWith("HTTP/1.1 400 Bad Request\r\n").contains("connection: close\r\n");
        probe.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(probe.events).hasSize(1);
        probe.timer.advance(Duration.ofSeconds(2));
        assertThat(probe.channel.isOpen()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', quoteCharacter = '"', textBlock = """
            no digit; |
            bad digit; g||
            space after size; 1 |a|0||
            space before size; ~1|a|0||
            0x prefix; 0x1|a|0||
            minus; -1|a|0||
            endless size; 1111111111111111|
            LF after size; 1\\na|0||
            CR in extension; "1;a\\rb|a|0||"
            LF in extension; "1;a\\nb|a|0||"
            NUL in extension; "1;\\0|a|0||"
            longer than its size; 1|ab|0||
            LF after data; 1|a\\n0||
            bare LF in trailer; 0|X: a\\n|
            length as trailer; 0|Content-Length: 3||
            encoding as trailer; 0|Transfer-Encoding: chunked||
            host as trailer; 0|Host: b||
            connection as trailer; 0|Connection: close||
            folded trailer; 0|X: a|~b||
            """)
    void contentThatCouldBeReadTwoWays_isRefused_andEndsTheConnection(String name, String content) {
        ServerProbe probe = new ServerProbe();
        probe.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + bytes(content));

        assertThat(probe.events).containsExactly("POST a / ", "reset PROTOCOL_ERROR");
        assertThat(probe.written()).startsWith("HTTP/1.1 400 Bad Request\r\n");
        probe.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(probe.events).hasSize(2);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', quoteCharacter = '"', nullValues = "-", textBlock = """
            plain;                GET /x?y=1 HTTP/1.1|Host: a:80||;                     GET a:80 /x?y=1  .;      -
            one empty line first; |GET / HTTP/1.1|Host: a||;                            GET a /  .;              -
            fields keep case;     GET / HTTP/1.1|hOST: a|X-Ab: ~c ~||;                  GET a / X-Ab=c .;        -
            empty value;          GET / HTTP/1.1|Host: a|X:||;                          GET a / X= .;            -
            high bytes in value;  GET / HTTP/1.1|Host: a|X: \\xe9||;                     GET a / X=\\xe9 .;         -
            absolute target;      GET http://b:1/c HTTP/1.1|Host: a||;                  GET b:1 /c  .;           -
            absolute, query only; GET http://b?c HTTP/1.1|Host: a||;                    GET b /?c  .;            -
            OPTIONS asterisk;     OPTIONS * HTTP/1.1|Host: a||;                         OPTIONS a *  .;          -
            IPv6 host;            GET / HTTP/1.1|Host: [::1]:80||;                      GET [::1]:80 /  .;       -
            empty host;           GET / HTTP/1.1|Host:||;                               "GET  /  .";             -
            HTTP/1.0, no host;    GET / HTTP/1.0||;                                     "GET  /  .";             -
            hop-by-hop removed;   GET / HTTP/1.1|Host: a|Connection: x-b, close|X-B: 1|Keep-Alive: 5|Proxy-Connection: z|X-C: 2||; GET a / X-C=2 .; -
            length;               POST / HTTP/1.1|Host: a|Content-Length: 3||abc;       POST a / Content-Length=3; body abc
            length of zero;       POST / HTTP/1.1|Host: a|Content-Length: 0||;          POST a / Content-Length=0 .; -
            chunked;              "POST / HTTP/1.1|Host: a|Transfer-Encoding: Chunked||2|ab|A;x=y|0123456789|0||"; "POST a / "; body ab0123456789
            h2c is not taken;     GET / HTTP/1.1|Host: a|Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: x||; GET a /  .; -
            """)
    void aGoodRequest_isUnderstood(String name, String request, String head, String body) {
        String raw = bytes(request);
        for (int cut = 1; cut < raw.length(); cut++) {
            ServerProbe probe = new ServerProbe();
            probe.send(raw.substring(0, cut)).send(raw.substring(cut));
            if (body == null) {
                assertThat(probe.events).containsExactly(bytes(head));
            } else {
                assertThat(probe.events).containsExactly(bytes(head), body);
            }
            assertThat(probe.written()).contains("200 OK").endsWith("\r\n\r\nok");
        }
    }

    @Test
    void trailers_reachTheStream_whereTheyAreOn() {
        String request = "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||1|a|0|X-T: 1||";
        ServerProbe on = new ServerProbe(Http1Settings.DEFAULT.withTrailers(true));
        on.send(bytes(request));
        assertThat(on.events).containsExactly("POST a / ", "body a", "trailers X-T: 1;");

        ServerProbe off = new ServerProbe();
        off.send(bytes(request));
        assertThat(off.events).as("dropped, as enable_trailers asks").containsExactly("POST a / ", "body a");
    }

    @Test
    void trailersOfAnswers_areWritten_whereTheyAreOn() {
        for (boolean on : new boolean[] {true, false}) {
            ServerProbe probe = new ServerProbe(Http1Settings.DEFAULT.withTrailers(on));
            probe.answer = false;
            probe.send(bytes("GET / HTTP/1.1|Host: a||"));
            probe.streams.getFirst().head(new ResponseHead(200), false);
            Fields trailers = new Fields();
            trailers.add(FieldName.of("x-t"), "1");
            probe.streams.getFirst().trailers(trailers);
            assertThat(probe.written())
                    .isEqualTo("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + (on ? "x-t: 1\r\n" : "")
                            + "\r\n");
        }
    }

    @Test
    void whatAClientPipelines_waits_whileItDoesNotReadItsAnswers() {
        ServerProbe probe = new ServerProbe();
        String request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        probe.channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        probe.send(request.repeat(3));
        assertThat(probe.events).isEmpty();
        probe.channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
        probe.channel.runPendingTasks();
        assertThat(probe.events).hasSize(3);
    }

    @Test
    void pipelinedRequests_areAnsweredInOrder_oneAtATime() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send(bytes("GET /1 HTTP/1.1|Host: a||GET /2 HTTP/1.1|Host: a||"));
        assertThat(probe.events).containsExactly("GET a /1  .");

        probe.streams.getFirst().head(new ResponseHead(204), true);
        assertThat(probe.written()).isEqualTo("HTTP/1.1 204 No Content\r\n\r\n");
        assertThat(probe.events).containsExactly("GET a /1  .", "GET a /2  .");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            GET / HTTP/1.1|Host: a||;                            true;  200
            GET / HTTP/1.1|Host: a|Connection: close||;          false; 200 OK|connection: close
            GET / HTTP/1.1|Host: a|Connection: Close, x||;       false; 200 OK|connection: close
            GET / HTTP/1.0|Host: a||;                            false; 200 OK|connection: close
            GET / HTTP/1.0|Host: a|Connection: keep-alive||;     true;  200 OK|connection: keep-alive
            """)
    void theConnection_isKeptAsTheRequestSays(String request, boolean kept, String answer) {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send(bytes(request));
        probe.streams.getFirst().head(new ResponseHead(200), true);

        assertThat(probe.written()).startsWith("HTTP/1.1 " + bytes(answer.replace("|", "\r\ncontent-length: 0|")));
        probe.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(probe.streams).hasSize(kept ? 2 : 1);
    }

    @Test
    void answersWithoutLength_areChunked_orEndWithTheConnectionForHttp10() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        probe.streams.getFirst().head(new ResponseHead(200), false);
        probe.streams.getFirst().data(Unpooled.copiedBuffer("abc", StandardCharsets.US_ASCII), false);
        probe.streams.getFirst().data(Unpooled.EMPTY_BUFFER, true);
        assertThat(probe.written())
                .isEqualTo("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");

        probe.send("GET / HTTP/1.0\r\n\r\n");
        probe.streams.get(1).head(new ResponseHead(200), false);
        probe.streams.get(1).data(Unpooled.copiedBuffer("abc", StandardCharsets.US_ASCII), true);
        assertThat(probe.written()).isEqualTo("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc");
    }

    @Test
    void answersToHead_haveNoContent_butKeepTheLength() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        probe.streams.getFirst().head(new ResponseHead(200).with("content-length", "5"), false);
        probe.streams.getFirst().data(Unpooled.copiedBuffer("12345", StandardCharsets.US_ASCII), true);
        assertThat(probe.written()).isEqualTo("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    }

    @Test
    void anEarlyAnswer_keepsTheConnection_whenTheRestOfTheRequestIsSmall() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
        probe.streams.getFirst().head(new ResponseHead(404), true);
        assertThat(probe.written()).startsWith("HTTP/1.1 404");
        probe.send("56789GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(probe.events).containsExactly("POST a / Content-Length=10", "GET a /2  .");
    }

    @Test
    void anEarlyAnswer_endsTheConnection_whenTheRestOfTheRequestIsLong() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
        probe.streams.getFirst().head(new ResponseHead(404), true);
        for (int i = 0; i < 20; i++) {
            probe.send("x".repeat(10_000));
        }
        probe.timer.advance(Duration.ofSeconds(2));
        assertThat(probe.channel.isOpen()).isFalse();
    }

    @Test
    void reading_stopsWhileTheReceiverIsBehind() {
        ServerProbe probe = new ServerProbe(Http1Settings.DEFAULT.withWindow(1000));
        probe.consume = false;
        probe.answer = false;
        probe.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n");
        for (int i = 0; i < 5; i++) {
            if (probe.channel.config().isAutoRead()) {
                probe.send("x".repeat(1000));
            }
        }
        assertThat(probe.received).isEqualTo(1000);
        assertThat(probe.channel.config().isAutoRead()).isFalse();

        probe.streams.getFirst().consumed(1000);
        assertThat(probe.channel.config().isAutoRead()).isTrue();
    }

    @Test
    void aClientThatGoesAway_resetsItsStream() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var _ = probe.channel.close();
        assertThat(probe.events).containsExactly("GET a /  .", "reset TERMINATED");
    }

    @Test
    void aHeadWithoutEnd_isRefusedAtItsLimit() {
        ServerProbe probe = new ServerProbe();
        probe.send("GET / HTTP/1.1\r\nHost: a\r\n");
        for (int i = 0; i < 7; i++) {
            probe.send("X-" + i + ": " + "y".repeat(10_000) + "\r\n");
        }
        assertThat(probe.events).containsExactly("malformed 431");
        assertThat(probe.written()).startsWith("HTTP/1.1 431 ");
    }

    @Test
    void tooManyFields_areRefused() {
        ServerProbe probe = new ServerProbe();
        probe.send("GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n".repeat(100) + "\r\n");
        assertThat(probe.events).containsExactly("malformed 431");
    }

    @Test
    void anUpgrade_becomesATunnel() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
        assertThat(probe.events).containsExactly("GET a /chat ");
        probe.streams.getFirst().head(new ResponseHead(101), false);
        probe.streams.getFirst().data(Unpooled.copiedBuffer("hi", StandardCharsets.US_ASCII), false);
        assertThat(probe.written())
                .isEqualTo("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhi");
        probe.send("more");
        assertThat(probe.received).isEqualTo(9);
    }

    @Test
    void aRefusedUpgrade_isAnOrdinaryAnswer() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        probe.streams.getFirst().head(new ResponseHead(403), true);
        probe.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(probe.streams).hasSize(2);
    }

    @Test
    void draining_saysSo_andEndsTheConnection() {
        ServerProbe probe = new ServerProbe();
        probe.answer = false;
        probe.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        probe.channel.pipeline().get(Http1Server.class).drain();
        probe.streams.getFirst().head(new ResponseHead(200), true);
        assertThat(probe.written()).contains("connection: close\r\n");
        probe.timer.advance(Duration.ofSeconds(2));
        assertThat(probe.channel.isOpen()).isFalse();
    }

    @Test
    void twoAnswersInOneRead_leaveInOrder() {
        ServerProbe probe = new ServerProbe();
        probe.send(bytes("GET /1 HTTP/1.1|Host: a||GET /2 HTTP/1.1|Host: a||"));
        assertThat(probe.written()).isEqualTo(OK + OK);
    }
}
