package dev.lateen.acceptance.faults;

import dev.lateen.cli.Main;
import dev.lateen.proxy.Proxy;
import dev.lateen.proxy.ProxyOptions;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * One process of the soak: {@code control DIRECTORY PORT} or {@code proxy ROLE APP ADDRESS PORT}. Says "ready"; answers
 * each line of its input with what it holds after a collection of garbage, in bytes: heap, direct memory, resident set.
 */
final class SoakProgram {
    private SoakProgram() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments[0].equals("control")) {
            Thread.ofPlatform().daemon().start(() -> discovery(arguments[1], arguments[2]));
        } else {
            Proxy proxy = Proxy.start(ProxyOptions.fromEnvironment(
                            ProxyOptions.Role.valueOf(arguments[1]),
                            "127.0.0.1:" + arguments[4],
                            Map.of("app", arguments[2], "version", "v1", "istio", "ingressgateway"),
                            Map.of("POD_NAMESPACE", "default", "POD_NAME", arguments[2], "INSTANCE_IP", arguments[3]))
                    .withFreePorts());
            while (!proxy.ready()) {
                Thread.sleep(20);
            }
            System.out.println("ready");
        }
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            System.out.println("held " + (runtime.totalMemory() - runtime.freeMemory()) + " "
                    + PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() + " " + resident());
        }
        System.exit(0);
    }

    private static void discovery(String directory, String port) {
        try {
            Main.main(new String[] {
                "discovery", "--config-dir", directory, "--xds-port", port, "--monitoring-port", "0", "--http-port", "0"
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long resident() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("/proc/self/status has no VmRSS");
    }
}
