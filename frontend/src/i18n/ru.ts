/** Страница по-русски. */

import type { Messages } from "./en.ts";

const rules = new Intl.PluralRules("ru");

/** 1 заказ, 2 заказа, 5 заказов. */
function plural(count: number, one: string, few: string, many: string): string {
  const form = rules.select(count);
  return form === "one" ? one : form === "few" ? few : many;
}

export const ru: Messages = {
  name: "Русский",
  brand: "Gozon",
  skipToContent: "К содержанию",
  loading: (what) => `Загружаем ${what}…`,
  tryAgain: "Повторить",
  close: "Закрыть",
  loadMore: "Показать ещё",
  copy: (what) => `Скопировать ${what}`,
  copied: "Скопировано",
  pageNotFound: "Такой страницы нет",
  backToShop: "В магазин",
  broken: "На странице что-то сломалось",
  brokenHint: "Всё отправленное сохранилось. Перезагрузите страницу, чтобы продолжить.",
  reload: "Перезагрузить",

  nav: { label: "Страницы", page: "страницу", shop: "Магазин", ops: "Пульт" },
  language: "Язык",
  scheme: { toDark: "Включить тёмную тему", toLight: "Включить светлую тему" },

  titles: {
    shop: "Магазин · Gozon",
    order: "Заказ · Gozon",
    ops: "Пульт · Gozon",
  },

  live: {
    connecting: "Подключаемся",
    live: "На связи",
    reconnecting: "Переподключаемся",
    lost: "Обновления прервались",
    lostHint: "Данные на странице могли устареть. Она догонит сама, как только связь вернётся.",
    reconnect: "Подключиться сейчас",
  },

  shortcuts: {
    title: "Клавиатура",
    open: "Горячие клавиши",
    newOrder: "К новому заказу",
    topUp: "К пополнению",
    orders: "К заказам; стрелки переходят между ними",
    help: "Показать эту подсказку",
    enabled: "Горячие клавиши из одной буквы",
  },

  user: {
    title: "Заказали — и видно, как он оплачен.",
    lead: "Откройте счёт, пополните его и сделайте заказ. Он будет оплачен раньше, чем вы отведёте взгляд.",
    form: "Пользователь",
    label: "Идентификатор пользователя",
    hint: "UUID. Запоминается в этом браузере.",
    makeUp: "Придумать",
    go: "Продолжить",
    cancel: "Отмена",
    change: "Сменить пользователя",
    id: "идентификатор пользователя",
  },

  account: {
    title: "Счёт",
    what: "счёт",
    none: "Счёта пока нет",
    noneHint: "С него оплачиваются заказы. Открыть его — дело секунды.",
    open: "Открыть счёт",
    opened: "Счёт открыт",
    balance: "Баланс",
    label: "Счёт",
    id: "номер счёта",
  },

  chart: {
    title: "Баланс во времени",
    empty: "Здесь появится баланс во времени.",
    summary: (changes, from, to) =>
      `${changes} ${plural(changes, "изменение", "изменения", "изменений")} баланса, от ${from} до ${to}`,
  },

  topUp: {
    title: "Пополнение",
    amount: "Сумма",
    suggestions: "Готовые суммы",
    submit: "Пополнить",
    done: (amount) => `Зачислено ${amount}`,
  },

  newOrder: {
    title: "Новый заказ",
    description: "Описание",
    placeholder: "Кофе в зёрнах, 1 кг",
    amount: "Сумма",
    submit: "Заказать",
    withoutAccount: "Без счёта заказ будет отменён.",
    length: (count, most) => `${count} из ${most} символов`,
  },

  orders: {
    title: "Заказы",
    what: "заказы",
    none: "Заказов пока нет",
    noneHint: "Первый появится здесь, и вы увидите, как он оплачивается.",
    sending: "Отправляем",
  },

  order: {
    title: "Заказ",
    what: "заказ",
    id: "номер заказа",
    idLabel: "Номер заказа",
    userLabel: "Пользователь",
    amount: "Сумма",
    created: "Создан",
    updated: "Последнее изменение",
    status: "Состояние",
    notYours: "Это заказ другого пользователя.",
  },

  status: { NEW: "Новый", FINISHED: "Оплачен", CANCELLED: "Отменён", cancelling: "Отменяется" },
  delivery: { PENDING: "Собирается", SHIPPED: "В пути", DELIVERED: "Доставлен" },
  reasons: {
    ACCOUNT_NOT_FOUND: "Нет счёта, с которого можно заплатить. Ничего не списано.",
    INSUFFICIENT_FUNDS: "На счёте не хватило денег. Ничего не списано.",
    CANCELLED_BY_USER: "Отменён по вашей просьбе до оплаты. Ничего не списано.",
    REFUNDED: "Отменён по вашей просьбе. Деньги вернулись на счёт.",
  },

  timeline: {
    title: "Ход заказа",
    what: "ход заказа",
    steps: {
      CREATED: "Создан",
      PAYMENT_REQUESTED: "Запрошена оплата",
      CANCEL_REQUESTED: "Запрошена отмена",
      PAYMENT_DECIDED: "Решено об оплате",
      SETTLED: "Заказ узнал об оплате",
      REFUNDED: "Деньги возвращены",
      SHIPPED: "Отправлен",
      DELIVERED: "Доставлен",
    },
    paid: "Оплачен",
    after: (time) => `через ${time}`,
    event: "Событие",
    ahead: { NEW: "Ждём оплаты", PENDING: "Готовится к отправке", SHIPPED: "Едет к вам", cancelling: "Отменяется" },
  },

  cancel: {
    action: "Отменить заказ",
    title: "Отменить этот заказ?",
    unpaid: "Если он ещё не оплачен, то оплачен уже не будет.",
    paid: (amount) => `На счёт вернётся ${amount}.`,
    confirm: "Да, отменить",
    keep: "Оставить",
    requested: "Отмена запрошена",
    requestedHint: "Заказ уже не будет отправлен, а деньги вернутся.",
  },

  ledger: {
    title: "История счёта",
    what: "историю счёта",
    none: "Движений пока не было",
    noneHint: "Здесь хранится каждое пополнение, каждая оплата и каждый возврат.",
    topUp: "Пополнение",
    payment: "Оплата",
    refund: "Возврат",
    forOrder: (ending) => `заказ …${ending}`,
    after: (balance) => `Баланс ${balance}`,
  },

  toasts: {
    more: (count) =>
      `${plural(count, "Изменился", "Изменились", "Изменились")} ещё ${count} ${plural(count, "заказ", "заказа", "заказов")}`,
  },

  ops: {
    title: "Пульт",
    lead: "Последние две минуты, раз в секунду.",
    staleHint: "Линии обрываются там, где кончаются данные.",
    now: "сейчас",
    minutesAgo: (minutes) => `${minutes} мин назад`,
    ordersService: "orders-service",
    paymentsService: "payments-service",
    brokerAway: "Брокер не отвечает: очереди не сосчитать.",
    perSecond: "Заказов в секунду",
    timeToFinal: "Время до решения",
    median: "медиана",
    p99: "99-й процентиль",
    outboxAge: "Возраст исходящих",
    outboxDepth: "Исходящих сообщений",
    queueDepth: "Длина очередей",
    deadLetters: "Недоставленные письма",
    rate: "заказы",
    orders: "заказы",
    payments: "платежи",
    atMost: "10 000 или больше",
    hints: {
      perSecond: "Создано за последнюю секунду",
      timeToFinal: "От создания до решения об оплате",
      outboxAge: "Сколько ждёт самое старое сообщение",
      outboxDepth: "Ждут отправки брокеру",
      queueDepth: "Ждут обработки",
      deadLetters: "Их никто не смог обработать",
    },
    chart: (title, latest, most) => `${title}: сейчас ${latest}, самое большее ${most}`,
  },

  unanswered: {
    title: "Прошлая попытка осталась без ответа",
    hint: "Возможно, она подействовала. Отправить её ещё раз безопасно: второй раз она не подействует.",
    forget: "Забыть о ней",
  },

  refusals: {
    user_id_invalid: "Идентификатор — это UUID, например 6f1c2d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f.",
    description_missing: "Напишите, что вы заказываете.",
    description_too_long: "Не больше 1000 символов.",
    amount_missing: "Введите сумму, например 250 или 99,90.",
    amount_not_positive: "Сумма должна быть больше нуля.",
    amount_too_fine: "В копейках не больше двух цифр.",
    amount_too_large: "За один раз — не больше 10 000 000 000,00 ₽.",
  },

  problems: {
    no_answer: "Gozon не отвечает",
    not_understood: "Ответ не разобрать",
    malformed_json: "Запрос не понят",
    invalid_path_id: "Такого идентификатора не бывает",
    invalid_query: "Запрос не понят",
    invalid_idempotency_key: "Запрос не понят",
    bad_request: "Запрос не понят",
    not_found: "Здесь ничего нет",
    order_not_found: "Такого заказа нет",
    account_not_found: "Такого счёта нет",
    method_not_allowed: "Так сделать нельзя",
    origin_not_allowed: "Этой странице нельзя следить за изменениями",
    account_exists: "У пользователя уже есть счёт",
    order_shipped: "Поздно: заказ уже отправлен",
    payload_too_large: "Слишком много за один раз",
    uri_too_long: "Запрос не понят",
    unsupported_media_type: "Запрос не понят",
    invalid_request: "Запрос не принят",
    idempotency_key_reused: "Это уже отправляли, но иначе",
    balance_limit_exceeded: "Столько на счёт не поместится",
    header_too_large: "Запрос не понят",
    internal_error: "В Gozon ошибка",
    bad_gateway: "До Gozon сейчас не достучаться",
    overloaded: "Gozon занят. Ничего не сделано",
    database_unavailable: "Gozon сейчас не может ответить",
    service_unavailable: "Gozon занят",
    gateway_timeout: "Gozon слишком долго думал",
  },
  checkConnection: "Проверьте связь и попробуйте ещё раз.",
  requestId: "Запрос",
  sendAgain: "Отправить ещё раз безопасно: дважды не подействует.",
  stale: "Не удаётся обновить",

  units: { ms: "мс", s: "с", min: "мин", perSecond: "/с" },
};
