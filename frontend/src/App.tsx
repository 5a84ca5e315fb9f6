import { MantineProvider } from "@mantine/core";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { lazy, useMemo, type ReactElement } from "react";
import { BrowserRouter, Route, Routes } from "react-router";
import { I18nProvider } from "./i18n/I18nProvider.tsx";
import { Layout } from "./layout/Layout.tsx";
import { LiveProvider } from "./live/LiveProvider.tsx";
import { ShopPage } from "./shop/ShopPage.tsx";
import { theme } from "./styles/theme.ts";
import { Boundary } from "./ui/Boundary.tsx";
import { NotFound } from "./ui/NotFound.tsx";
import { ToastPlace } from "./ui/ToastPlace.tsx";
import { UserContext } from "./user/context.ts";
import { useUserId } from "./user/useUserId.ts";

const OrderPage = lazy(() => import("./order/OrderPage.tsx"));
const OpsPage = lazy(() => import("./ops/OpsPage.tsx"));

export function App({ client }: { client: QueryClient }): ReactElement {
  const [userId, choose] = useUserId();
  const user = useMemo(() => ({ userId, choose }), [userId, choose]);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <I18nProvider>
        <Boundary>
          <QueryClientProvider client={client}>
            <UserContext value={user}>
              <BrowserRouter>
                <LiveProvider userId={userId}>
                  <Routes>
                    <Route element={<Layout />}>
                      <Route index element={<ShopPage />} />
                      {/* Not /orders: behind the gateway that is the API's. */}
                      <Route path="order/:orderId" element={<OrderPage />} />
                      <Route path="ops" element={<OpsPage />} />
                      <Route path="*" element={<NotFound />} />
                    </Route>
                  </Routes>
                  <ToastPlace />
                </LiveProvider>
              </BrowserRouter>
            </UserContext>
          </QueryClientProvider>
        </Boundary>
      </I18nProvider>
    </MantineProvider>
  );
}
