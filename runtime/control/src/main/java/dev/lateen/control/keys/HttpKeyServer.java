package dev.lateen.control.keys;

import dev.lateen.config.security.KeyLocation;
import dev.lateen.config.security.KeySet;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Servers of HTTP and HTTPS, which must show a certificate of the system's roots. Whoever may write rules says where the
 * control plane sends requests; so it follows no redirects, reaches nothing of its own machine, and tells nobody what came
 * back. Thread-safe.
 */
final class HttpKeyServer implements KeyServer {
    /** Of an answer, in bytes; sets of keys have some kilobytes. */
    private static final int LONGEST = 1 << 20;

    private final Predicate<InetAddress> mayReach;
    private final HttpClient client;

    HttpKeyServer(SSLContext tls, Predicate<InetAddress> mayReach) {
        this.mayReach = mayReach;
        this.client = HttpClient.newBuilder()
                .sslContext(tls)
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
    }

    /** Whether an address is of another machine that was chosen to be there. */
    static boolean isElsewhere(InetAddress address) {
        return !address.isLoopbackAddress()
                && !address.isLinkLocalAddress()
                && !address.isAnyLocalAddress()
                && !address.isMulticastAddress();
    }

    @Override
    public String fetch(KeyLocation location, Duration timeout) throws IOException, InterruptedException {
        String address = location.address();
        if (location.issuer() != null) {
            address = keysOf(location, get(address, timeout));
        }
        KeySet keys = KeySet.read(get(address, timeout));
        if (keys.good() == 0) {
            throw new IOException(address + " gives no set of keys (RFC 7517) with one that proves who signed");
        }
        return keys.text();
    }

    /** The address of the keys in an issuer's configuration (OpenID Connect Discovery 1.0, sections 3 and 4.3). */
    private static String keysOf(KeyLocation location, String configuration) throws IOException {
        JsonNode tree;
        try {
            tree = JsonMapper.shared().readTree(configuration);
        } catch (JacksonException e) {
            throw new IOException(location + " gives no JSON", e);
        }
        if (!location.isOf(tree.path("issuer").asString(""))) {
            throw new IOException(location + " is the configuration of another issuer");
        }
        String address = tree.path("jwks_uri").asString("");
        String fault = KeyLocation.fault(address);
        if (!fault.isEmpty()) {
            throw new IOException(location + ": jwks_uri " + fault);
        }
        if (location.address().startsWith("https:") && !address.startsWith("https:")) {
            throw new IOException(location + ": jwks_uri is not of https, as the issuer is");
        }
        return address;
    }

    private String get(String address, Duration timeout) throws IOException, InterruptedException {
        URI uri = URI.create(address);
        check(address, uri);
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(timeout)
                .header("accept", "application/json")
                .build();
        CompletableFuture<HttpResponse<byte[]>> answer =
                client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), LONGEST));
        try {
            // The request's own limit ends when the head has come.
            HttpResponse<byte[]> response = answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            int status = response.statusCode();
            if (status / 100 == 3) {
                throw new IOException(address + " answers " + status
                        + ", elsewhere; redirects are not followed: give the last address");
            }
            if (status != 200) {
                throw new IOException(address + " answers " + status);
            }
            return new String(response.body(), StandardCharsets.UTF_8);
        } catch (TimeoutException e) {
            throw new IOException(address + " does not answer within " + timeout.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            throw new IOException(address + " " + reason(e.getCause() == null ? e : e.getCause(), timeout), e);
        } finally {
            answer.cancel(true);
        }
    }

    /** The system remembers a name's addresses for longer than this takes, so that a name cannot lead elsewhere at once. */
    private void check(String address, URI uri) throws IOException {
        try {
            for (InetAddress each : InetAddress.getAllByName(uri.getHost())) {
                if (!mayReach.test(each)) {
                    throw new IOException(address + " leads to " + each.getHostAddress()
                            + ", which is the control plane's own machine or network: keys are not there");
                }
            }
        } catch (UnknownHostException e) {
            throw new IOException(address + ": host " + uri.getHost() + " is unknown", e);
        }
    }

    private static String reason(Throwable cause, Duration timeout) {
        return switch (cause) {
            case java.net.http.HttpTimeoutException _ -> "does not answer within " + timeout.toMillis() + " ms";
            case ConnectException _ -> "refuses connections, or cannot be reached";
            case javax.net.ssl.SSLException e -> "shows no certificate that is trusted: " + e.getMessage();
            default -> "failed: " + cause.getMessage();
        };
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
