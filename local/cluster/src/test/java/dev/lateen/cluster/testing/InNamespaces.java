package dev.lateen.cluster.testing;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Runs each test of a class in a JVM of its own inside new mount and PID namespaces, and for an ordinary user a user
 * namespace as well. So what a test mounts or starts ends with it, and no test needs root. Only plain {@code @Test},
 * {@code @BeforeEach} and {@code @AfterEach} without parameters.
 */
public final class InNamespaces implements InvocationInterceptor {
    private static final int SECONDS = 60;

    @Override
    public void interceptBeforeEachMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context) {
        invocation.skip();
    }

    @Override
    public void interceptAfterEachMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context) {
        invocation.skip();
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Exception {
        invocation.skip();
        Class<?> type = method.getTargetClass();
        List<String> command =
                new ArrayList<>(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"));
        if (!"root".equals(System.getProperty("user.name"))) {
            command.addAll(List.of("--user", "--map-root-user"));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                classPath(type),
                InNamespaces.class.getName(),
                type.getName(),
                method.getExecutable().getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        var output = new StringBuilder();
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                output.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                output.append(e);
            }
        });
        boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        reader.join(5000);
        if (!ended || process.exitValue() != 0) {
            throw new AssertionError((ended ? "" : "took over " + SECONDS + " s\n") + output);
        }
    }

    private static String classPath(Class<?> type) throws URISyntaxException {
        if (type.getClassLoader() instanceof URLClassLoader loader) {
            List<String> parts = new ArrayList<>();
            for (URL url : loader.getURLs()) {
                parts.add(Path.of(url.toURI()).toString());
            }
            return String.join(":", parts) + ":" + System.getProperty("java.class.path");
        }
        return System.getProperty("java.class.path");
    }

    /** Inside: runs one test method of one class. */
    public static void main(String[] args) throws Exception {
        Class<?> type = Class.forName(args[0]);
        Constructor<?> constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        Object test = constructor.newInstance();
        int code = 0;
        try {
            each(type, BeforeEach.class, test);
            Method method = type.getDeclaredMethod(args[1]);
            method.setAccessible(true);
            method.invoke(test);
        } catch (InvocationTargetException e) {
            code = 1;
            new AssertionError(e.getCause()).printStackTrace();
        } finally {
            each(type, AfterEach.class, test);
        }
        System.exit(code);
    }

    private static void each(Class<?> type, Class<? extends Annotation> annotation, Object test) throws Exception {
        for (Method method : Arrays.asList(type.getDeclaredMethods())) {
            if (method.isAnnotationPresent(annotation)) {
                method.setAccessible(true);
                method.invoke(test);
            }
        }
    }
}
